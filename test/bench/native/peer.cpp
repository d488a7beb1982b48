// Peer of the call rate benchmark on cppTango: peer INSTANCE -nodb -dlist bench/cpp/1 -ORBendPoint giop:tcp:127.0.0.1:PORT
#include <tango.h>

using namespace Tango;

class Peer : public TANGO_BASE_CLASS {
 public:
  DevDouble scalars[20];
  static std::vector<DevDouble> spectrum;

  Peer(DeviceClass *owner, std::string &name) : TANGO_BASE_CLASS(owner, name.c_str()) { init_device(); }
  void init_device() override {
    for (auto &value : scalars) value = 1.5;
    spectrum.resize(10000);
    for (size_t i = 0; i < spectrum.size(); i++) spectrum[i] = i * 0.5;
    set_state(Tango::ON);
  }
};
std::vector<DevDouble> Peer::spectrum;

static std::string scalar_name(int i) { return std::string("scalar_") + (i < 9 ? "0" : "") + std::to_string(i + 1); }

struct Scalar : public Attr {
  int index;
  explicit Scalar(int i) : Attr(scalar_name(i).c_str(), DEV_DOUBLE, READ_WRITE), index(i) {}
  void read(DeviceImpl *device, Attribute &attribute) override {
    attribute.set_value(&static_cast<Peer *>(device)->scalars[index]);
  }
  void write(DeviceImpl *device, WAttribute &attribute) override {
    attribute.get_write_value(static_cast<Peer *>(device)->scalars[index]);
  }
};

struct Spectrum : public SpectrumAttr {
  Spectrum() : SpectrumAttr("spectrum", DEV_DOUBLE, READ, 10000) {}
  void read(DeviceImpl *, Attribute &attribute) override {
    attribute.set_value(Peer::spectrum.data(), Peer::spectrum.size());
  }
};

struct Void : public Command {
  Void() : Command("DevVoid", DEV_VOID, DEV_VOID) {}
  CORBA::Any *execute(DeviceImpl *, const CORBA::Any &) override { return insert(); }
};

struct Double : public Command {
  Double() : Command("DevDouble", DEV_DOUBLE, DEV_DOUBLE) {}
  CORBA::Any *execute(DeviceImpl *, const CORBA::Any &in) override {
    DevDouble value;
    extract(in, value);
    return insert(value);
  }
};

struct Echo : public Command {
  Echo() : Command("DevVarDoubleArray", DEVVAR_DOUBLEARRAY, DEVVAR_DOUBLEARRAY) {}
  CORBA::Any *execute(DeviceImpl *, const CORBA::Any &in) override {
    const DevVarDoubleArray *values;
    extract(in, values);
    return insert(new DevVarDoubleArray(*values));
  }
};

class PeerClass : public DeviceClass {
 public:
  explicit PeerClass(std::string &name) : DeviceClass(name) {}
  void command_factory() override {
    command_list.push_back(new Void);
    command_list.push_back(new Double);
    command_list.push_back(new Echo);
  }
  void attribute_factory(std::vector<Attr *> &attributes) override {
    for (int i = 0; i < 20; i++) attributes.push_back(new Scalar(i));
    attributes.push_back(new Spectrum);
  }
  void device_factory(const DevVarStringArray *names) override {
    for (CORBA::ULong i = 0; i < names->length(); i++) {
      std::string name((*names)[i]);
      device_list.push_back(new Peer(this, name));
      export_device(device_list.back(), name.c_str());
    }
  }
};

void DServer::class_factory() {
  std::string name("BenchPeer");
  add_class(new PeerClass(name));
}

int main(int argc, char **argv) {
  try {
    Util *util = Util::init(argc, argv);
    util->server_init();
    std::cout << "Ready to accept request" << std::endl;
    util->server_run();
  } catch (CORBA::Exception &error) {
    Except::print_exception(error);
    return 1;
  }
}
