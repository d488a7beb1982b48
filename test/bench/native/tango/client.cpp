// Client on libtango for the call benchmark: one JSON line per sample on standard output.
//   client --rounds 5 --secs 0.5 --threads 8 --subs 50 --names a,b --pids 12,34 [--only op,op] [--skip op,op] URL [URL...]
// Operations outside, rounds inside; the devices take turns, in reverse order in every second round.
#include "measure.h"

static double g_secs = 0.5;
static int g_threads = 8;

struct Target {
  std::string url, name;
  int pid = 0;
  DeviceProxy *dev = nullptr;
  std::vector<std::unique_ptr<DeviceProxy>> pool;  // one proxy for each thread
  std::set<std::string> attrs;
  Counter cb;
  int sub = -1, sub2 = -1;
  std::string endpoint;
  std::unique_ptr<RawSubs> raw;
  CORBA::Object_var orb_ref;
  bool has(const std::string &a) const { return attrs.count(a) > 0; }
};
static std::vector<std::unique_ptr<Target>> T;

// Runs f for g_secs and takes each call's time.
static Sample loop(int i, const std::function<void()> &f, double secs = 0) {
  if (secs <= 0) secs = g_secs;
  Vec lat;
  lat.reserve(1 << 16);
  for (int k = 0; k < 20; k++) f();  // warm up
  double c0 = self_cpu(), s0 = pid_cpu(T[i]->pid), t0 = now(), t = t0;
  while (t - t0 < secs) {
    f();
    double u = now();
    lat.push_back((u - t) * 1e6);
    t = u;
  }
  Sample s;
  double el = t - t0;
  s.value = lat.size() / el;
  s.p50 = quantile(lat, 0.5);
  s.p99 = quantile(lat, 0.99);
  s.cli = (self_cpu() - c0) / el;
  s.srv = (pid_cpu(T[i]->pid) - s0) / el;
  return s;
}

static Sample threads(int i, const std::function<void(DeviceProxy &)> &f) {
  Target &t = *T[i];
  while ((int)t.pool.size() < g_threads) {
    t.pool.emplace_back(new DeviceProxy(t.url));
    t.pool.back()->ping();
  }
  std::vector<Vec> lat(g_threads);
  std::vector<std::thread> th;
  std::atomic<bool> go{false}, stop{false};
  for (int k = 0; k < g_threads; k++)
    th.emplace_back([&, k] {
      omni_thread::ensure_self es;
      for (int j = 0; j < 5; j++) f(*t.pool[k]);
      while (!go) std::this_thread::yield();
      double a = now();
      while (!stop) {
        f(*t.pool[k]);
        double b = now();
        lat[k].push_back((b - a) * 1e6);
        a = b;
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  double c0 = self_cpu(), s0 = pid_cpu(t.pid), t0 = now();
  go = true;
  std::this_thread::sleep_for(std::chrono::duration<double>(g_secs));
  stop = true;
  double el = now() - t0;
  Sample s;
  s.cli = (self_cpu() - c0) / el;
  s.srv = (pid_cpu(t.pid) - s0) / el;
  for (auto &x : th) x.join();
  Vec all;
  for (auto &v : lat) all.insert(all.end(), v.begin(), v.end());
  s.value = all.size() / el;
  s.p50 = quantile(all, 0.5);
  s.p99 = quantile(all, 0.99);
  return s;
}

static double push(Target &t, long count, long size, long gap) {
  DevVarLongArray *a = new DevVarLongArray;
  a->length(3);
  (*a)[0] = count;
  (*a)[1] = size;
  (*a)[2] = gap;
  DeviceData in;
  in << a;
  DeviceData out = t.dev->command_inout("PushEvents", in);
  double d = 0;
  out >> d;
  return d;
}

static void subscribe(Target &t) {
  if (t.sub >= 0) return;
  t.sub = t.dev->subscribe_event("double_scalar", CHANGE_EVENT, &t.cb);
  if (t.has("double_spectrum_ro")) t.sub2 = t.dev->subscribe_event("double_spectrum_ro", CHANGE_EVENT, &t.cb);
  DevVarStringArray *q = new DevVarStringArray;
  q->length(5);
  const char *v[] = {"", "double_scalar", "subscribe", "change", "5"};
  for (int k = 0; k < 5; k++) (*q)[k] = CORBA::string_dup(v[k]);
  (*q)[0] = CORBA::string_dup(t.dev->dev_name().c_str());
  DeviceData in;
  in << q;
  std::string an = t.dev->adm_name();
  DeviceProxy adm(an);
  DeviceData out = adm.command_inout("ZmqEventSubscriptionChange", in);
  const DevVarLongStringArray *r = nullptr;
  out >> r;
  if (r && r->svalue.length() > 1) t.endpoint = (const char *)r->svalue[1];
  usleep(300000);
}

// Subscriptions last for one sample only: cppTango 9.3 servers without a database announce one heartbeat topic
// and send another, so that after 10 s the client library thinks them dead (and may crash on reconnection).
struct Subscribed {
  Target &t;
  explicit Subscribed(Target &x) : t(x) { subscribe(t); }
  ~Subscribed() {
    try {
      if (t.sub >= 0) t.dev->unsubscribe_event(t.sub);
      if (t.sub2 >= 0) t.dev->unsubscribe_event(t.sub2);
    } catch (DevFailed &) {
    }
    t.sub = t.sub2 = -1;
  }
};

// Bursts of `count` events; rate from the trigger's start to the last receipt, all bursts together.
static Sample burst(int i, long count, long size, int raw) {
  Target &t = *T[i];
  Subscribed guard(t);
  if (raw && !t.raw) {
    t.raw.reset(new RawSubs);
    t.raw->open(t.endpoint, raw);
    usleep(400000);
  }
  push(t, 10, size, 0);
  usleep(60000);
  double c0 = self_cpu(), s0 = pid_cpu(t.pid), w0 = now(), busy = 0;
  long got = 0, lost = 0;
  do {
    t.cb.reset(false);
    if (t.raw) t.raw->n = 0;
    long want = raw ? count * raw : count;
    double t0 = now();
    push(t, count, size, 0);
    double lim = now() + 1.0;
    auto have = [&] { return raw ? t.raw->n.load() : t.cb.n.load(); };
    while ((have() < want || t.cb.n < count) && now() < lim) usleep(50);
    busy += std::max(raw ? t.raw->last.load() : 0.0, t.cb.last.load()) - t0;
    got += have();
    lost += want - have();
  } while (now() - w0 < g_secs);
  Sample s;
  double el = now() - w0;
  s.value = got / busy;
  s.cli = (self_cpu() - c0) / el;
  s.srv = (pid_cpu(t.pid) - s0) / el;
  s.lost = lost;
  return s;
}

// One event each `gap` microseconds: latency from the server's stamp in the value to the callback.
static Sample paced(int i, long count, long gap, bool with_raw) {
  Target &t = *T[i];
  Subscribed guard(t);
  if (with_raw != (bool)t.raw && !with_raw) t.raw.reset();
  t.cb.reset(true);
  push(t, count, 1, gap);
  usleep(50000);
  Sample s;
  std::lock_guard<std::mutex> g(t.cb.m);
  s.p50 = quantile(t.cb.lat, 0.5);
  s.p99 = quantile(t.cb.lat, 0.99);
  s.value = s.p50;
  s.lost = count - (long)t.cb.lat.size();
  return s;
}

static std::vector<std::string> split(const std::string &s) {
  std::vector<std::string> v;
  std::istringstream in(s);
  std::string w;
  while (std::getline(in, w, ',')) v.push_back(w);
  return v;
}

static std::string js(double v) {
  char b[40];
  if (std::isnan(v)) return "null";
  snprintf(b, sizeof b, "%.6g", v);
  return b;
}

int main(int argc, char **argv) {
  int rounds = 5, subs = 50, conns = 200;
  std::vector<std::string> urls, names, only, skip, pids;
  for (int i = 1; i < argc; i++) {
    std::string a = argv[i];
    auto val = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (a == "--rounds") rounds = atoi(val().c_str());
    else if (a == "--secs") g_secs = atof(val().c_str());
    else if (a == "--threads") g_threads = atoi(val().c_str());
    else if (a == "--subs") subs = atoi(val().c_str());
    else if (a == "--conns") conns = atoi(val().c_str());
    else if (a == "--names") names = split(val());
    else if (a == "--pids") pids = split(val());
    else if (a == "--only") only = split(val());
    else if (a == "--skip") skip = split(val());
    else urls.push_back(a);
  }
  if (urls.empty()) {
    fprintf(stderr, "usage: see the head of client.cpp\n");
    return 2;
  }

  std::vector<std::string> twenty = {
      "ampli",          "boolean_scalar", "double_scalar",     "double_scalar_rww", "double_scalar_w",
      "float_scalar",   "long64_scalar",  "long_scalar",       "long_scalar_rww",   "long_scalar_w",
      "short_scalar",   "short_scalar_ro", "short_scalar_rww", "short_scalar_w",    "string_scalar",
      "uchar_scalar",   "ulong64_scalar", "ulong_scalar",      "ushort_scalar",     "State"};
  for (size_t i = 0; i < urls.size(); i++) {
    std::unique_ptr<Target> t(new Target);
    t->url = urls[i];
    t->name = i < names.size() ? names[i] : std::string(1, (char)('A' + i));
    t->pid = i < pids.size() ? atoi(pids[i].c_str()) : 0;
    for (int left = 8; !t->dev; left--) {
      try {
        std::unique_ptr<DeviceProxy> d(new DeviceProxy(t->url));
        d->set_timeout_millis(20000);
        d->ping();
        t->dev = d.release();
      } catch (DevFailed &e) {
        if (left <= 0) {
          fprintf(stderr, "cannot reach %s: %s\n", t->url.c_str(), (const char *)e.errors[0].desc);
          return 1;
        }
        usleep(1100000);  // the library refuses to reconnect within one second
      }
    }
    try {
      std::unique_ptr<std::vector<std::string>> l(t->dev->get_attribute_list());
      for (auto &a : *l) t->attrs.insert(a);
    } catch (DevFailed &) {
    }
    // tango://HOST:PORT/a/b/c#dbase=no: the same object through the plain ORB
    size_t p = t->url.find("#dbase=no");
    if (p != std::string::npos && t->url.compare(0, 8, "tango://") == 0) {
      std::string hp = t->url.substr(8, p - 8);
      std::transform(hp.begin(), hp.end(), hp.begin(), ::tolower);
      t->orb_ref = ApiUtil::instance()->get_orb()->string_to_object(("corbaloc:iiop:1.2@" + hp).c_str());
    }
    T.push_back(std::move(t));
  }

  auto spectrum = [](int i) {
    for (auto n : {"bench_spectrum", "double_spectrum_ro", "double_spectrum"})
      if (T[i]->has(n)) return std::string(n);
    return std::string();
  };
  auto image = [](int i) {
    for (auto n : {"bench_image", "ushort_image_ro"})
      if (T[i]->has(n)) return std::string(n);
    return std::string();
  };
  auto megabytes = [](int i, const std::string &a, bool ushorts) {
    if (a.empty()) return Sample();
    double bytes = 0;
    std::string name = a;
    Sample s = loop(i, [&] {
      DeviceAttribute v = T[i]->dev->read_attribute(name);
      if (ushorts) {
        DevVarUShortArray *p = nullptr;
        v >> p;
        bytes = p ? p->length() * 2.0 : 0;
        delete p;
      } else {
        DevVarDoubleArray *p = nullptr;
        v >> p;
        bytes = p ? p->length() * 8.0 : 0;
        delete p;
      }
    });
    s.value *= bytes / 1e6;
    return s;
  };
  auto dbl = [](DeviceProxy &d) {
    DeviceData in;
    in << 3.25;
    DeviceData out = d.command_inout("DevDouble", in);
    double r;
    out >> r;
  };
  auto rd = [](DeviceProxy &d) {
    DeviceAttribute v = d.read_attribute("double_scalar");
    double r;
    v >> r;
  };

  std::vector<Op> ops = {
      {"orb_non_existent", "call/s", false,
       [&](int i) {
         if (CORBA::is_nil(T[i]->orb_ref)) return Sample();
         return loop(i, [&] { T[i]->orb_ref->_non_existent(); });
       }},
      {"ping", "call/s", false, [&](int i) { return loop(i, [&] { T[i]->dev->ping(); }); }},
      {"cmd_void", "call/s", false, [&](int i) { return loop(i, [&] { T[i]->dev->command_inout("DevVoid"); }); }},
      {"cmd_double", "call/s", false, [&](int i) { return loop(i, [&] { dbl(*T[i]->dev); }); }},
      {"cmd_state", "call/s", false, [&](int i) { return loop(i, [&] { T[i]->dev->command_inout("State"); }); }},
      {"cmd_double_threads", "call/s", false, [&](int i) { return threads(i, dbl); }},
      {"read_scalar", "call/s", false, [&](int i) { return loop(i, [&] { rd(*T[i]->dev); }); }},
      {"read_scalar_threads", "call/s", false, [&](int i) { return threads(i, rd); }},
      {"read_20_scalars", "call/s", false,
       [&](int i) {
         for (auto &n : twenty)
           if (!T[i]->has(n)) return Sample();
         return loop(i, [&] {
           std::unique_ptr<std::vector<DeviceAttribute>> v(T[i]->dev->read_attributes(twenty));
         });
       }},
      {"write_scalar", "call/s", false,
       [&](int i) {
         return loop(i, [&] {
           DeviceAttribute a("double_scalar", 4.5);
           T[i]->dev->write_attribute(a);
         });
       }},
      {"write_read_scalar", "call/s", false,
       [&](int i) {
         return loop(i, [&] {
           DeviceAttribute a("double_scalar", 4.5);
           DeviceAttribute r = T[i]->dev->write_read_attribute(a);
         });
       }},
      {"echo_1000_doubles", "call/s", false,
       [&](int i) {
         return loop(i, [&] {
           DevVarDoubleArray *a = new DevVarDoubleArray;
           a->length(1000);
           for (int k = 0; k < 1000; k++) (*a)[k] = k;
           DeviceData in;
           in << a;
           DeviceData out = T[i]->dev->command_inout("DevVarDoubleArray", in);
         });
       }},
      {"read_spectrum", "MB/s", false, [&](int i) { return megabytes(i, spectrum(i), false); }},
      {"read_image", "MB/s", false, [&](int i) { return megabytes(i, image(i), true); }},
      {"new_proxy", "us", true,
       [&](int i) {
         Vec lat;
         double c0 = self_cpu(), s0 = pid_cpu(T[i]->pid), w0 = now();
         for (int k = 0; k < conns; k++) {
           double t0 = now();
           DeviceProxy d(T[i]->url);
           lat.push_back((now() - t0) * 1e6);
         }
         Sample s;
         s.value = s.p50 = quantile(lat, 0.5);
         s.p99 = quantile(lat, 0.99);
         s.cli = (self_cpu() - c0) / (now() - w0);
         s.srv = (pid_cpu(T[i]->pid) - s0) / (now() - w0);
         return s;
       }},
      {"event_burst_1", "event/s", false, [&](int i) { return burst(i, 500, 1, 0); }},
      {"event_burst_8kB", "event/s", false, [&](int i) { return burst(i, 200, 1024, 0); }},
      {"event_latency_1", "us", true, [&](int i) { return paced(i, 300, 1000, false); }},
      {"event_burst_subs", "deliv/s", false, [&](int i) { return burst(i, 100, 1, subs); }},
      {"event_latency_subs", "us", true, [&](int i) { return paced(i, 150, 2000, true); }},
  };
  auto wanted = [&](const std::string &n) {
    auto in = [&](std::vector<std::string> &v) {
      for (auto &x : v)
        if (!x.empty() && n.compare(0, x.size(), x) == 0) return true;
      return false;
    };
    return (only.empty() || in(only)) && !in(skip);
  };

  // by operation, then rounds: A B C A B C ...; every second round in reverse order
  for (auto &op : ops) {
    if (!wanted(op.name)) continue;
    std::set<int> dead;
    for (int r = 0; r < rounds; r++)
      for (size_t k = 0; k < T.size(); k++) {
        int i = r % 2 ? T.size() - 1 - k : k;
        if (dead.count(i)) continue;
        Sample s;
        try {
          s = op.run(i);
        } catch (DevFailed &e) {
          fprintf(stderr, "%s on %s: %s\n", op.name.c_str(), T[i]->name.c_str(), (const char *)e.errors[0].desc);
          dead.insert(i);
        } catch (CORBA::Exception &e) {
          fprintf(stderr, "%s on %s: CORBA %s\n", op.name.c_str(), T[i]->name.c_str(), e._name());
          dead.insert(i);
        }
        printf("{\"op\":\"%s\",\"target\":\"%s\",\"round\":%d,\"unit\":\"%s\",\"value\":%s,\"p50_us\":%s,"
               "\"p99_us\":%s,\"client_cpu\":%s,\"server_cpu\":%s,\"lost\":%s}\n",
               op.name.c_str(), T[i]->name.c_str(), r, op.unit.c_str(), js(s.value).c_str(), js(s.p50).c_str(),
               js(s.p99).c_str(), js(s.cli).c_str(), js(s.srv).c_str(), js(s.lost).c_str());
        fflush(stdout);
      }
    // raw subscribers only live as long as their operations
    if (op.name == "event_latency_subs")
      for (auto &t : T) t->raw.reset();
  }
  fflush(stdout);
  _exit(0);  // the event threads of the library may take seconds to stop
}
