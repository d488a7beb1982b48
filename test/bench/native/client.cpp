// Synchronous calls of one libtango client, one JSON line per sample: client ROUNDS SECONDS NAME=URL [NAME=URL ...]
// Operations outside, rounds inside; the servers take turns, in reverse order in every second round.
#include <tango.h>
#include <algorithm>
#include <chrono>
#include <functional>

using namespace Tango;
typedef std::chrono::steady_clock Clock;

struct Operation {
  const char *name;
  std::function<void(DeviceProxy &)> call;
  int calls = 1;  // how many Tango calls one `call` makes
};
static const int IN_FLIGHT = 64;

static std::vector<std::string> scalars() {
  std::vector<std::string> names;
  for (int i = 1; i <= 20; i++) names.push_back(std::string("scalar_") + (i < 10 ? "0" : "") + std::to_string(i));
  return names;
}

static void sample(const Operation &operation, const std::string &target, DeviceProxy &device, int round, double seconds) {
  for (int i = 0; i < 20; i++) operation.call(device);
  std::vector<double> latencies;
  auto begin = Clock::now(), before = begin;
  while (std::chrono::duration<double>(before - begin).count() < seconds) {
    operation.call(device);
    auto after = Clock::now();
    latencies.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  double rate = operation.calls * latencies.size() / std::chrono::duration<double>(before - begin).count();
  std::sort(latencies.begin(), latencies.end());
  printf("{\"op\":\"%s\",\"target\":\"%s\",\"round\":%d,\"rate\":%.6g,\"p50\":%.6g,\"p99\":%.6g}\n", operation.name,
         target.c_str(), round, rate, latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100]);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int rounds = atoi(argv[1]);
  double seconds = atof(argv[2]);
  std::vector<std::string> names, twenty = scalars();
  std::vector<std::unique_ptr<DeviceProxy>> devices;
  std::vector<Operation> operations = {
      {"ping", [](DeviceProxy &d) { d.ping(); }},
      {"cmd_void", [](DeviceProxy &d) { d.command_inout("DevVoid"); }},
      {"cmd_double",
       [](DeviceProxy &d) {
         DeviceData in;
         in << 3.25;
         DeviceData out = d.command_inout("DevDouble", in);
         double value;
         out >> value;
       }},
      {"cmd_double_64",
       [](DeviceProxy &d) {
         long ids[IN_FLIGHT];
         for (long &id : ids) {
           DeviceData in;
           in << 3.25;
           id = d.command_inout_asynch("DevDouble", in);
         }
         for (long id : ids) {
           DeviceData out = d.command_inout_reply(id, 0);
           double value;
           out >> value;
         }
       },
       IN_FLIGHT},
      {"cmd_state", [](DeviceProxy &d) { d.command_inout("State"); }},
      {"read_scalar",
       [](DeviceProxy &d) {
         DeviceAttribute read = d.read_attribute("scalar_01");
         double value;
         read >> value;
       }},
      {"read_20_scalars",
       [&](DeviceProxy &d) { std::unique_ptr<std::vector<DeviceAttribute>> read(d.read_attributes(twenty)); }},
      {"write_scalar",
       [](DeviceProxy &d) {
         DeviceAttribute value("scalar_01", 4.5);
         d.write_attribute(value);
       }},
      {"echo_1000_doubles",
       [](DeviceProxy &d) {
         DevVarDoubleArray *values = new DevVarDoubleArray;
         values->length(1000);
         for (int i = 0; i < 1000; i++) (*values)[i] = i;
         DeviceData in;
         in << values;
         DeviceData out = d.command_inout("DevVarDoubleArray", in);
       }},
      {"read_80_kB",
       [](DeviceProxy &d) {
         DeviceAttribute read = d.read_attribute("spectrum");
         std::vector<double> values;
         read >> values;
       }},
  };
  try {
    for (int i = 3; i < argc; i++) {
      std::string word(argv[i]);
      size_t at = word.find('=');
      names.push_back(word.substr(0, at));
      std::string url = word.substr(at + 1);
      devices.emplace_back(new DeviceProxy(url));
    }
    for (auto &operation : operations)
      for (int round = 0; round < rounds; round++)
        for (size_t k = 0; k < devices.size(); k++) {
          size_t i = round % 2 ? devices.size() - 1 - k : k;
          sample(operation, names[i], *devices[i], round, seconds);
        }
  } catch (DevFailed &error) {
    Except::print_exception(error);
    return 1;
  }
  _exit(0);  // the threads of the library may take seconds to stop
}
