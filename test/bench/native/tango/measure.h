// What the call client measures with: clocks, processor time, quantiles, event counters.
#pragma once
#include <tango.h>
#include <zmq.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

using namespace Tango;
using Clock = std::chrono::steady_clock;
typedef std::vector<double> Vec;

static double now() { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); }
static double wall() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
static double quantile(Vec v, double q) {
  if (v.empty()) return NAN;
  size_t i = std::min(v.size() - 1, (size_t)(q * v.size()));
  std::nth_element(v.begin(), v.begin() + i, v.end());
  return v[i];
}
static double self_cpu() {
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + 1e-6 * (r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}
static double pid_cpu(int pid) {
  if (pid <= 0) return NAN;
  std::ifstream f("/proc/" + std::to_string(pid) + "/stat");
  std::string s;
  std::getline(f, s);
  size_t p = s.rfind(')');
  if (p == std::string::npos) return NAN;
  std::istringstream in(s.substr(p + 2));
  std::string w;
  double ut = 0, st = 0;
  for (int i = 3; i <= 15 && in >> w; i++) {
    if (i == 14) ut = atof(w.c_str());
    if (i == 15) st = atof(w.c_str());
  }
  return (ut + st) / sysconf(_SC_CLK_TCK);
}

// One measurement: value in `unit` (higher is better unless lower=true), latencies in microseconds.
struct Sample {
  double value = NAN, p50 = NAN, p99 = NAN, cli = NAN, srv = NAN, lost = 0;
};
struct Op {
  std::string name, unit;
  bool lower = false;
  std::function<Sample(int)> run;  // index of the target
};


struct Counter : public CallBack {
  std::atomic<long> n{0}, errors{0};
  std::atomic<double> last{0};
  std::mutex m;
  Vec lat;
  bool keep = false;
  void push_event(EventData *e) override {
    double w = wall();
    if (e->err) { errors++; return; }
    if (keep) {
      double t = 0;
      DevVarDoubleArray *a = nullptr;
      *e->attr_value >> a;
      if (a && a->length()) t = (*a)[0];
      delete a;
      std::lock_guard<std::mutex> g(m);
      lat.push_back((w - t) * 1e6);
    }
    last = now();
    n++;
  }
  void reset(bool k) {
    std::lock_guard<std::mutex> g(m);
    lat.clear();
    keep = k;
    n = 0;
  }
};

// Raw SUB sockets on the event port of the server: the load of many client processes without
// paying for many client processes.
struct RawSubs {
  void *ctx = zmq_ctx_new();
  std::vector<void *> socks;
  std::thread th;
  std::atomic<bool> stop{false};
  std::atomic<long> n{0};
  std::atomic<double> last{0};
  void open(const std::string &endpoint, int count) {
    for (int i = 0; i < count; i++) {
      void *s = zmq_socket(ctx, ZMQ_SUB);
      zmq_setsockopt(s, ZMQ_SUBSCRIBE, "", 0);
      int zero = 0;
      zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero);
      zmq_connect(s, endpoint.c_str());
      socks.push_back(s);
    }
    th = std::thread([this] {
      std::vector<zmq_pollitem_t> it;
      for (auto s : socks) it.push_back({s, 0, ZMQ_POLLIN, 0});
      zmq_msg_t m;
      zmq_msg_init(&m);
      while (!stop) {
        if (zmq_poll(it.data(), it.size(), 50) <= 0) continue;
        for (auto &p : it)
          if (p.revents & ZMQ_POLLIN)
            while (zmq_msg_recv(&m, p.socket, ZMQ_DONTWAIT) >= 0)
              if (!zmq_msg_more(&m)) {
                last = now();
                n++;
              }
      }
      zmq_msg_close(&m);
    });
  }
  ~RawSubs() {
    stop = true;
    if (th.joinable()) th.join();
    for (auto s : socks) zmq_close(s);
    zmq_ctx_term(ctx);
  }
};
