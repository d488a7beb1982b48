// Peer device server on cppTango: the reference work load of this kit.
//   with a database:    peer INSTANCE
//   without a database: peer INSTANCE -nodb -dlist bench/cpp/1 -ORBendPoint giop:tcp:127.0.0.1:PORT
#include <tango.h>
#include <chrono>
#include <thread>

using namespace Tango;

static double wall() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

static const long SPEC_LEN = 10000, IMG_X = 2048, IMG_Y = 2048;

// One storage cell for each scalar; read copies nothing, the attribute points at the cell.
struct Cells {
  DevBoolean b = true;
  DevDouble d[4] = {1.5, 2.5, 3.5, 4.5};
  DevFloat f = 1.25f;
  DevLong l[3] = {1, 2, 3};
  DevLong64 l64 = 64;
  DevShort s[4] = {1, 2, 3, 4}, e = 0;
  DevString str;
  DevUChar uc = 7;
  DevULong ul = 8;
  DevULong64 ul64 = 9;
  DevUShort us = 10;
};

class Peer : public TANGO_BASE_CLASS {
 public:
  Cells c;
  // shared by all devices: the memory of a many-device server must not be that of the test data
  static std::vector<DevDouble> spec, big_spec;
  static std::vector<DevUShort> img;

  Peer(DeviceClass *cl, std::string &name) : TANGO_BASE_CLASS(cl, name.c_str()) {
    c.str = CORBA::string_dup("hello");
    init_device();
  }
  ~Peer() { CORBA::string_free(c.str); }

  void init_device() override {
    if (img.empty()) {
      spec.resize(256);
      big_spec.resize(SPEC_LEN);
      for (size_t i = 0; i < spec.size(); i++) spec[i] = i * 0.5;
      for (size_t i = 0; i < big_spec.size(); i++) big_spec[i] = i * 0.5;
      img.resize(IMG_X * IMG_Y);
      for (size_t i = 0; i < img.size(); i++) img[i] = (DevUShort)i;
    }
    set_change_event("double_scalar", true, false);
    set_change_event("double_spectrum_ro", true, false);
    set_state(Tango::ON);
    set_status("ready");
  }

  void set_text(const char *s) {
    CORBA::string_free(c.str);
    c.str = CORBA::string_dup(s);
  }

  // args: count [, size [, interval in microseconds]]; the wall time of the push is the first element
  DevDouble push_events(const DevVarLongArray &a) {
    long n = a.length() > 0 ? a[0] : 1, size = a.length() > 1 ? a[1] : 1, gap = a.length() > 2 ? a[2] : 0;
    auto t0 = std::chrono::steady_clock::now();
    std::vector<DevDouble> v(size > 1 ? size : 1);
    std::string name = size > 1 ? "double_spectrum_ro" : "double_scalar";
    for (long i = 0; i < n; i++) {
      v[0] = wall();
      if (size > 1) push_change_event(name, v.data(), size);
      else push_change_event(name, v.data());
      if (gap > 0) std::this_thread::sleep_until(t0 + std::chrono::microseconds(gap) * (i + 1));
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
  }
};

std::vector<DevDouble> Peer::spec, Peer::big_spec;
std::vector<DevUShort> Peer::img;

// ---- attributes -------------------------------------------------------------
template <typename T> struct Scalar : public Attr {
  T Cells::*cell = nullptr;
  size_t off;
  Scalar(const char *n, long type, AttrWriteType w, size_t offset) : Attr(n, type, w), off(offset) {}
  T *at(DeviceImpl *d) { return (T *)((char *)&static_cast<Peer *>(d)->c + off); }
  void read(DeviceImpl *d, Attribute &a) override { a.set_value(at(d)); }
  void write(DeviceImpl *d, WAttribute &w) override {
    T v;
    w.get_write_value(v);
    *at(d) = v;
  }
};
struct Text : public Attr {
  Text() : Attr("string_scalar", DEV_STRING, READ_WRITE) {}
  void read(DeviceImpl *d, Attribute &a) override { a.set_value(&static_cast<Peer *>(d)->c.str); }
  void write(DeviceImpl *d, WAttribute &w) override {
    DevString s;
    w.get_write_value(s);
    static_cast<Peer *>(d)->set_text(s);
  }
};
struct Spec : public SpectrumAttr {
  bool big;
  Spec(const char *n, long max, bool b) : SpectrumAttr(n, DEV_DOUBLE, READ, max), big(b) {}
  void read(DeviceImpl *d, Attribute &a) override {
    auto &v = big ? static_cast<Peer *>(d)->big_spec : static_cast<Peer *>(d)->spec;
    a.set_value(v.data(), v.size());
  }
};
struct Img : public ImageAttr {
  Img() : ImageAttr("bench_image", DEV_USHORT, READ, IMG_X, IMG_Y) {}
  void read(DeviceImpl *d, Attribute &a) override {
    a.set_value(static_cast<Peer *>(d)->img.data(), IMG_X, IMG_Y);
  }
};

// ---- commands ---------------------------------------------------------------
struct CmdVoid : public Command {
  CmdVoid() : Command("DevVoid", DEV_VOID, DEV_VOID) {}
  CORBA::Any *execute(DeviceImpl *, const CORBA::Any &) override { return insert(); }
};
struct CmdDouble : public Command {
  CmdDouble() : Command("DevDouble", DEV_DOUBLE, DEV_DOUBLE) {}
  CORBA::Any *execute(DeviceImpl *, const CORBA::Any &in) override {
    DevDouble v;
    extract(in, v);
    return insert(v);
  }
};
struct CmdEcho : public Command {
  CmdEcho() : Command("DevVarDoubleArray", DEVVAR_DOUBLEARRAY, DEVVAR_DOUBLEARRAY) {}
  CORBA::Any *execute(DeviceImpl *, const CORBA::Any &in) override {
    const DevVarDoubleArray *v;
    extract(in, v);
    return insert(new DevVarDoubleArray(*v));
  }
};
struct CmdPush : public Command {
  CmdPush() : Command("PushEvents", DEVVAR_LONGARRAY, DEV_DOUBLE, "count, size, interval us", "seconds") {}
  CORBA::Any *execute(DeviceImpl *d, const CORBA::Any &in) override {
    const DevVarLongArray *v;
    extract(in, v);
    return insert(static_cast<Peer *>(d)->push_events(*v));
  }
};

class PeerClass : public DeviceClass {
 public:
  PeerClass(std::string &s) : DeviceClass(s) {}
  void command_factory() override {
    command_list.push_back(new CmdVoid);
    command_list.push_back(new CmdDouble);
    command_list.push_back(new CmdEcho);
    command_list.push_back(new CmdPush);
  }
  void attribute_factory(std::vector<Attr *> &l) override {
    auto rw = READ_WRITE;
    l.push_back(new Scalar<DevDouble>("ampli", DEV_DOUBLE, rw, offsetof(Cells, d[0])));
    l.push_back(new Scalar<DevBoolean>("boolean_scalar", DEV_BOOLEAN, rw, offsetof(Cells, b)));
    l.push_back(new Scalar<DevDouble>("double_scalar", DEV_DOUBLE, rw, offsetof(Cells, d[1])));
    l.push_back(new Scalar<DevDouble>("double_scalar_rww", DEV_DOUBLE, rw, offsetof(Cells, d[2])));
    l.push_back(new Scalar<DevDouble>("double_scalar_w", DEV_DOUBLE, rw, offsetof(Cells, d[3])));
    l.push_back(new Scalar<DevFloat>("float_scalar", DEV_FLOAT, rw, offsetof(Cells, f)));
    l.push_back(new Scalar<DevLong64>("long64_scalar", DEV_LONG64, rw, offsetof(Cells, l64)));
    l.push_back(new Scalar<DevLong>("long_scalar", DEV_LONG, rw, offsetof(Cells, l[0])));
    l.push_back(new Scalar<DevLong>("long_scalar_rww", DEV_LONG, rw, offsetof(Cells, l[1])));
    l.push_back(new Scalar<DevLong>("long_scalar_w", DEV_LONG, rw, offsetof(Cells, l[2])));
    l.push_back(new Scalar<DevShort>("short_scalar", DEV_SHORT, rw, offsetof(Cells, s[0])));
    l.push_back(new Scalar<DevShort>("short_scalar_ro", DEV_SHORT, READ, offsetof(Cells, s[1])));
    l.push_back(new Scalar<DevShort>("short_scalar_rww", DEV_SHORT, rw, offsetof(Cells, s[2])));
    l.push_back(new Scalar<DevShort>("short_scalar_w", DEV_SHORT, rw, offsetof(Cells, s[3])));
    l.push_back(new Text);
    l.push_back(new Scalar<DevUChar>("uchar_scalar", DEV_UCHAR, rw, offsetof(Cells, uc)));
    l.push_back(new Scalar<DevULong64>("ulong64_scalar", DEV_ULONG64, rw, offsetof(Cells, ul64)));
    l.push_back(new Scalar<DevULong>("ulong_scalar", DEV_ULONG, rw, offsetof(Cells, ul)));
    l.push_back(new Scalar<DevUShort>("ushort_scalar", DEV_USHORT, rw, offsetof(Cells, us)));
    l.push_back(new Spec("double_spectrum_ro", 4096, false));
    l.push_back(new Spec("bench_spectrum", SPEC_LEN, true));
    l.push_back(new Img);
  }
  void device_factory(const DevVarStringArray *names) override {
    for (CORBA::ULong i = 0; i < names->length(); i++) {
      std::string n((*names)[i]);
      Peer *d = new Peer(this, n);
      device_list.push_back(d);
      if (Util::_UseDb && !Util::_FileDb) export_device(d);
      else export_device(d, n.c_str());
    }
  }
};

void DServer::class_factory() {
  std::string n("BenchPeer");
  add_class(new PeerClass(n));
}

int main(int argc, char **argv) {
  try {
    Util *tg = Util::init(argc, argv);
    tg->server_init();
    std::cout << "Ready to accept request" << std::endl;
    tg->server_run();
  } catch (std::bad_alloc &) {
    return 1;
  } catch (CORBA::Exception &e) {
    Except::print_exception(e);
    return 1;
  }
}
