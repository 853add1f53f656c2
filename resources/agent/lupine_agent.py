"""Lupine's agent: measures ONNX models on this board. Python's standard library only, 3.6 or newer.

    python3 lupine_agent.py serve              requests on stdin, answers on stdout, one JSON object a line; where these
                                               are a terminal, in frames that survive a bad line (class Line)
    python3 lupine_agent.py receive SHA SIZE   a file on stdin, into the store; one JSON object says how it went
    python3 - install < lupine_agent.py        (its source given as SOURCE) copies itself into the cache folder

It ends with its connection and leaves only its cache folder. It gives facts; the host judges them. No syntax newer than
Python 3.5's, so that older ones can say which they are.
"""
import array
import base64
import binascii
import ctypes as C
import errno
import glob
import hashlib
import json
import math
import os
import platform
import queue
import random
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

PROTOCOL = 1
LONGEST_LINE = 4 << 20
BEAT = 5.0           # seconds between signs of life while a worker works
IDLE = 300.0         # seconds without a word from the host after which its connection counts as gone
LINE_IDLE = 75.0     # the same where nothing but silence tells
LINE = None          # the serial line, where there is one
GONE = 75            # exit code: the host went away
KEPT_MODELS = 64 << 20
SMALL = 8 << 20      # what is larger is a library


class Refused(Exception):
    """What cannot be done, by a name the host knows."""

    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.code = code


def refusal(error):
    if isinstance(error, Refused):
        return {"code": error.code, "message": str(error)}
    if isinstance(error, MemoryError):
        return {"code": "memory", "message": "not enough memory"}
    if isinstance(error, OSError):
        named = {errno.ENOSPC: "disk-full", errno.EDQUOT: "disk-full", errno.EROFS: "read-only",
                 errno.EACCES: "read-only", errno.EPERM: "read-only"}
        return {"code": named.get(error.errno, "system"), "message": str(error)}
    return {"code": "failed", "message": "%s: %s" % (type(error).__name__, error)}


def say(message):
    text = json.dumps(message, separators=(",", ":")) + "\n"
    if LINE:
        return LINE.write(text.encode())
    sys.stdout.write(text)
    sys.stdout.flush()


def pieces(text):
    """Long text as the host takes it: no string of an answer is longer than 4000."""
    return [text[i:i + 3000] for i in range(0, len(text), 3000)]


def read(path, limit=65536):
    """A small text file, or None."""
    try:
        with open(path, "rb") as f:
            return f.read(limit).decode("utf-8", "replace").replace("\0", "").strip()
    except OSError:
        return None


def number(path):
    try:
        return int(read(path) or "")
    except ValueError:
        return None


def output(*command):
    """What a command prints, or None where there is none."""
    if not shutil.which(command[0]):
        return None
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()[:4000]


# ---- the cache folder ----------------------------------------------------------------------------------------------

def candidates():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    own = "lupine-%d" % os.getuid()
    return [os.path.join(home, "lupine")] + [os.path.join(d, own) for d in ("/var/tmp", "/tmp", "/dev/shm")]


def usable(folder):
    """Makes the folder, for this user alone, where libraries may be loaded from. Raises OSError."""
    os.makedirs(folder, 0o700, exist_ok=True)
    about = os.lstat(folder)
    if about.st_uid != os.getuid() or os.path.islink(folder):
        raise OSError(errno.EACCES, "belongs to somebody else", folder)
    os.chmod(folder, 0o700)
    if os.statvfs(folder).f_flag & 8:
        raise OSError(errno.EACCES, "is mounted noexec", folder)


def write_whole(path, data):
    part = "%s.%d.part" % (path, os.getpid())
    try:
        with open(part, "wb") as f:
            f.write(data)
        os.rename(part, path)
    except OSError:
        remove(part)
        raise


def remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


def install(source):
    """The agent's own source, into the first folder that takes it."""
    sha = hashlib.sha256(source).hexdigest()
    tried = []
    for folder in candidates():
        try:
            usable(folder)
            path = os.path.join(folder, "agent-%s.py" % sha)
            for old in glob.glob(os.path.join(folder, "agent-*.py")) + glob.glob(os.path.join(folder, "__pycache__", "*")):
                if time.time() - os.path.getmtime(old) > 86400:
                    remove(old)
            write_whole(path, source)
            return {"path": path}
        except OSError as error:
            tried.append(error)
    full = [e for e in tried if e.errno in (errno.ENOSPC, errno.EDQUOT)]
    raise Refused("disk-full" if full else "read-only", "; ".join(str(e) for e in tried))


class Store:
    """Files by their SHA-256."""

    def __init__(self, folder):
        self.folder = folder
        self.files = os.path.join(folder, "files")
        os.makedirs(self.files, 0o700, exist_ok=True)

    def path(self, sha):
        if not re.match("^[0-9a-f]{64}$", sha):
            raise Refused("bad-request", "not a SHA-256")
        return os.path.join(self.files, sha)

    def sizes(self, shas):
        """Size of each, -1 where it is missing. A model that is asked for is in use: it goes last."""
        found = []
        for sha in shas:
            try:
                found.append(os.path.getsize(self.path(sha)))
                os.utime(self.path(sha))
            except OSError:
                found.append(-1)
        return found

    def add(self, sha, data):
        path = self.path(sha)
        if hashlib.sha256(data).hexdigest() != sha:
            raise Refused("corrupt", "the file arrived damaged")
        self.trim(len(data) if len(data) <= SMALL else 0)
        write_whole(path, data)

    def patch(self, base, wanted, deltas):
        """Files that differ little from one that is here: each as steps of varints: how far to move in it (the
        lowest bit is the sign), bytes to copy there, and new bytes, behind their number."""
        with open(self.path(base), "rb") as f:
            base = f.read()
        for file in wanted:
            delta, deltas = deltas[:file["length"]], deltas[file["length"]:]
            made, here, numbers, i = [], 0, [], 0
            while i < len(delta):
                value = shift = 0
                while delta[i] & 128:
                    value, shift, i = value | (delta[i] & 127) << shift, shift + 7, i + 1
                numbers.append(value | delta[i] << shift)
                i += 1
                if len(numbers) == 3:
                    here += (numbers[0] >> 1) ^ -(numbers[0] & 1)
                    made += [base[here:here + numbers[1]], delta[i:i + numbers[2]]]
                    here, i, numbers = here + numbers[1], i + numbers[2], []
            self.add(file["sha256"], b"".join(made))

    def part(self, sha, size, offset, data):
        """A large file in blocks, in order; the last one closes it."""
        path = self.path(sha) + ".blocks.part"
        with open(path, "r+b" if offset else "wb") as f:
            f.seek(offset)
            f.truncate()
            f.write(data)
        if offset + len(data) < size:
            return
        with open(path, "rb") as f:
            self.receive(sha, size, f)
        remove(path)

    def receive(self, sha, size, stream):
        """A large file, never whole in memory."""
        free = os.statvfs(self.files)
        if free.f_bavail * free.f_frsize < size:
            raise Refused("disk-full", "%s has %d bytes free" % (self.files, free.f_bavail * free.f_frsize))
        part, digest, left = "%s.%d.part" % (self.path(sha), os.getpid()), hashlib.sha256(), size
        try:
            with open(part, "wb") as f:
                while left:
                    block = stream.read(min(left, 1 << 18))
                    if not block:
                        raise Refused("cut-off", "%d bytes are missing" % left)
                    digest.update(block)
                    f.write(block)
                    left -= len(block)
            if digest.hexdigest() != sha:
                raise Refused("corrupt", "the file arrived damaged")
            os.rename(part, self.path(sha))
        finally:
            remove(part)

    def verify(self, sha):
        """Whether a file is still what it was; a damaged one is removed."""
        digest = hashlib.sha256()
        try:
            with open(self.path(sha), "rb") as f:
                for block in iter(lambda: f.read(1 << 18), b""):
                    digest.update(block)
        except OSError:
            return False
        if digest.hexdigest() == sha:
            return True
        remove(self.path(sha))
        return False

    def trim(self, more):
        """Old models, and old halves of files, make room."""
        kept, now = [], time.time()
        for name in os.listdir(self.files):
            try:
                about = os.stat(os.path.join(self.files, name))
            except OSError:
                continue
            if name.endswith(".part"):
                if now - about.st_mtime > 3600:
                    remove(os.path.join(self.files, name))
            elif about.st_size <= SMALL:
                kept.append((about.st_mtime, about.st_size, name))
        total = sum(size for _, size, _ in kept) + more
        for _, size, name in sorted(kept):
            if total <= KEPT_MODELS:
                break
            remove(os.path.join(self.files, name))
            total -= size


# ---- facts ---------------------------------------------------------------------------------------------------------

CPUS = "/sys/devices/system/cpu"


def hexadecimal(text):
    found = re.search("0x([0-9a-fA-F]+)", text or "")
    return int(found.group(1), 16) if found else None


def state():
    """What may change while measuring: clocks, governors, temperatures, throttling, load."""
    policies = []
    for path in sorted(glob.glob(CPUS + "/cpufreq/policy*")):
        policies.append({"cpus": read(path + "/affected_cpus"), "governor": read(path + "/scaling_governor"),
                         "kHz": number(path + "/scaling_cur_freq"), "minKHz": number(path + "/scaling_min_freq"),
                         "maxKHz": number(path + "/scaling_max_freq")})
    zones = []
    for path in sorted(glob.glob("/sys/class/thermal/thermal_zone*")):
        value = number(path + "/temp")
        if value is not None:
            zones.append({"type": read(path + "/type") or "", "celsius": value / 1000.0})
    voltage = [number(p) for p in glob.glob("/sys/class/hwmon/hwmon*/in0_lcrit_alarm")]
    found = {"load": os.getloadavg()[0], "availableMemory": memory()[1], "policies": policies, "thermal": zones}
    throttled = hexadecimal(output("vcgencmd", "get_throttled"))
    if throttled is None:
        throttled = hexadecimal("0x" + (read("/sys/devices/platform/soc/soc:firmware/get_throttled") or "-"))
    if throttled is not None:
        found["throttled"] = throttled
    if any(v is not None for v in voltage):
        found["undervoltage"] = any(voltage)
    return found


def memory():
    text = read("/proc/meminfo") or ""
    values = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.M))
    return [int(values.get(key, 0)) * 1024 for key in ("MemTotal", "MemAvailable")]


def libc():
    name, version = platform.libc_ver()
    maps = read("/proc/self/maps", 1 << 20) or ""
    if "musl" in maps:
        return {"name": "musl", "version": ""}
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION").split()[-1]
        name = "glibc"
    except (AttributeError, OSError, ValueError, IndexError):
        pass
    return {"name": name or "unknown", "version": version}


def cxx():
    """The newest GLIBCXX that the board's libstdc++ has; None without one."""
    try:
        C.CDLL("libstdc++.so.6")
        path = re.search(r"(/\S*libstdc\+\+\.so\S*)", read("/proc/self/maps", 1 << 20)).group(1)
        with open(path, "rb") as f:
            versions = re.findall(rb"GLIBCXX_3\.4\.(\d+)", f.read())
        return "3.4.%d" % max(int(v) for v in versions)
    except (OSError, AttributeError, ValueError):
        return None


def runtimes():
    found = {}
    for name in ("onnxruntime", "tflite_runtime", "ai_edge_litert", "tensorrt", "ncnn"):
        for folder in sys.path:
            for path in glob.glob(os.path.join(glob.escape(folder), name + "*-*.dist-info")) if folder else []:
                found[name] = os.path.basename(path)[:-len(".dist-info")].rsplit("-", 1)[-1]
    for name in ("trtexec", "benchmark_model", "benchncnn"):
        path = shutil.which(name) or shutil.which(name, path="/usr/src/tensorrt/bin:/usr/local/bin")
        if path:
            found[name] = path
    return found


def own_library():
    """onnxruntime's library of the board's own package (a system package, or pip's, which goes first), or None."""
    folders = ["/usr/lib", "/usr/lib64", "/usr/lib/%s-linux-*" % platform.machine(), "/usr/local/lib"]
    folders += [os.path.join(glob.escape(f), "onnxruntime", "capi") for f in sys.path if f]
    found = [path for f in folders for path in sorted(glob.glob(os.path.join(f, "libonnxruntime.so*")))]
    return os.path.realpath(found[-1]) if found else None


def own_runtime():
    path = own_library()
    if not path:
        return None
    # Asked in a process of its own: a library of who knows where may take its process with it.
    version = output(sys.executable, os.path.abspath(__file__), "version", path)
    return {"path": path, "version": version} if version else None


# ---- clocks, where the host's user allows it -----------------------------------------------------------------------

def set_file(path, text):
    """Writes a file of sysfs, by sudo where this user may not. Whether it then says so."""
    try:
        with open(path, "w") as f:
            f.write(text)
    except OSError:
        if not shutil.which("sudo"):
            return False
        try:
            subprocess.run(["sudo", "-n", "tee", path], input=text.encode(), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=10)
        except (OSError, subprocess.SubprocessError):
            return False
    return read(path) == text


def stored_clocks(folder):
    return os.path.join(folder, "jetson_clocks.conf")


def jetson_clocks(*arguments):
    """The Jetson's own tool, by sudo where this user is not root. Whether it did as told; None where there is none."""
    tool = shutil.which("jetson_clocks")
    if not tool:
        return None
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    try:
        return subprocess.run(sudo + [tool] + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def pin(folder):
    """Governors to "performance"; on a Jetson the clocks of CPU, GPU and memory to their highest. What they were is
    noted first, so that they can be put back whatever happens."""
    unpin(folder)
    stored = stored_clocks(folder)
    kept = jetson_clocks("--store", stored)
    if kept is False:
        remove(stored)
        raise Refused("not-pinned", "jetson_clocks does not store what the clocks are now")
    found = {}
    for path in glob.glob(CPUS + "/cpufreq/policy*/scaling_governor"):
        governor = read(path)
        if governor and governor != "performance":
            found[path] = governor
    if found:
        write_whole(os.path.join(folder, "pinned.json"), json.dumps(found).encode())
    refused = ["%s cannot be written" % path for path in found if not set_file(path, "performance")]
    if kept and not jetson_clocks():
        refused.append("jetson_clocks failed")
    if refused:
        unpin(folder)
        raise Refused("not-pinned", refused[0])


def unpin(folder):
    note = os.path.join(folder, "pinned.json")
    try:
        found = json.loads(read(note) or "{}")
    except ValueError:
        found = {}
    for path, governor in found.items():
        set_file(path, governor)
    remove(note)
    stored = stored_clocks(folder)
    if os.path.exists(stored):
        jetson_clocks("--restore", stored)
        # It asks before it overwrites one, and nobody is there to answer.
        remove(stored)


def probe():
    info = read("/proc/cpuinfo") or ""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', read("/etc/os-release") or "", re.M))
    cores = []
    for part in re.split(r"\n\s*\n", info):
        fields = dict(re.findall(r"^([\w ]+?)\s*:\s*(.*)$", part, re.M))
        if "processor" in fields:
            index = fields["processor"]
            cores.append({"part": fields.get("CPU part") or fields.get("model name") or "",
                          "implementer": fields.get("CPU implementer", ""),
                          "maxKHz": number("%s/cpu%s/cpufreq/cpuinfo_max_freq" % (CPUS, index))})
    total, available = memory()
    disk = os.statvfs(HERE)
    jetson = {"release": read("/etc/nv_tegra_release", 300), "powerMode": output("nvpmodel", "-q")}
    return {
        "model": read("/proc/device-tree/model") or read("/sys/class/dmi/id/product_name") or "",
        "hostname": platform.node(), "arch": platform.machine(), "bits": struct.calcsize("P") * 8,
        "byteOrder": sys.byteorder, "kernel": platform.release(), "python": platform.python_version(),
        "os": {"id": release.get("ID", ""), "name": release.get("PRETTY_NAME", ""),
               "version": release.get("VERSION_ID", "")},
        "libc": libc(), "libstdcxx": cxx(), "cores": cores, "usable": len(os.sched_getaffinity(0)),
        "memory": {"total": total, "available": available},
        "disk": {"folder": HERE, "free": disk.f_bavail * disk.f_frsize},
        "jetson": jetson if jetson["release"] else None, "runtimes": runtimes(), "own": own_runtime(),
        "state": state()}


# ---- onnxruntime by ctypes -----------------------------------------------------------------------------------------

# struct OrtApi: each function's place in it and its arguments (p pointer, s string, i int, l int64 or size_t).
# Members are only ever appended to the struct, so a place holds for every later version.
FUNCTIONS = {
    "GetErrorMessage": (2, "p"), "CreateEnv": (3, "isp"), "CreateSession": (7, "pspp"), "Run": (9, "pppplplp"),
    "CreateSessionOptions": (10, "p"), "EnableProfiling": (14, "ps"), "SetSessionGraphOptimizationLevel": (23, "pi"),
    "SetIntraOpNumThreads": (24, "pi"), "SetInterOpNumThreads": (25, "pi"), "SessionGetInputCount": (30, "pp"),
    "SessionGetOutputCount": (31, "pp"), "SessionGetInputTypeInfo": (33, "plp"), "SessionGetInputName": (36, "plpp"),
    "SessionGetOutputName": (37, "plpp"), "CreateTensorWithDataAsOrtValue": (49, "pplplip"),
    "GetTensorMutableData": (51, "pp"), "CastTypeInfoToTensorInfo": (55, "pp"), "GetTensorElementType": (60, "pp"),
    "GetDimensionsCount": (61, "pp"), "GetDimensions": (62, "ppl"), "GetTensorShapeElementCount": (64, "pp"),
    "GetTensorTypeAndShape": (65, "pp"), "CreateCpuMemoryInfo": (69, "iip"),
    "GetAllocatorWithDefaultOptions": (78, "p"), "ReleaseStatus": (93, "p"), "ReleaseSession": (95, "p"),
    "ReleaseValue": (96, "p"), "ReleaseTypeInfo": (98, "p"), "ReleaseTensorTypeAndShapeInfo": (99, "p"),
    "ReleaseSessionOptions": (100, "p"), "SessionEndProfiling": (110, "ppp")}
API_VERSION = 5      # the first to have all of them
KINDS = {"p": C.c_void_p, "s": C.c_char_p, "i": C.c_int, "l": C.c_int64}
# ONNXTensorElementDataType: typecode for array, and a maker of plausible values. Not zeros: sparsity would be timed.
FLOAT, HALF = 1, 10
TYPES = {FLOAT: ("f", lambda r: r.gauss(0, 1)), 2: ("B", lambda r: r.randrange(256)),
         3: ("b", lambda r: r.randrange(-99, 99)), 6: ("i", lambda r: 1), 7: ("q", lambda r: 1),
         9: ("B", lambda r: 1), HALF: ("H", lambda r: r.randrange(0x3400, 0x3c00)), 11: ("d", lambda r: r.gauss(0, 1))}


class Base(C.Structure):
    _fields_ = [("GetApi", C.CFUNCTYPE(C.c_void_p, C.c_uint32)), ("GetVersionString", C.CFUNCTYPE(C.c_char_p))]


class Ort:
    """The C API. ort.Name(...) calls Name and raises Refused with the library's own message if it fails."""

    def __init__(self, path):
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"    # else 1.30 reports home, and litters /tmp and ~/.cache
        try:
            library = C.CDLL(path)
        except OSError as error:
            raise Refused("library-unusable", str(error))
        library.OrtGetApiBase.restype = C.POINTER(Base)
        base = library.OrtGetApiBase().contents
        self.version = base.GetVersionString().decode()
        table = base.GetApi(API_VERSION)
        if not table:
            raise Refused("library-unusable", "onnxruntime %s has no API version %d" % (self.version, API_VERSION))
        self.table = C.cast(table, C.POINTER(C.c_void_p))
        self.env = self.get("CreateEnv", 3, b"lupine")

    def function(self, name, result):
        place, arguments = FUNCTIONS[name]
        return C.CFUNCTYPE(result, *[KINDS[a] for a in arguments])(self.table[place])

    def __getattr__(self, name):
        if name.startswith("Release"):
            checked = self.function(name, None)
        else:
            plain, message = self.function(name, C.c_void_p), self.function("GetErrorMessage", C.c_char_p)

            def checked(*args):
                status = plain(*args)
                if status:
                    text = message(status).decode(errors="replace")
                    self.ReleaseStatus(status)
                    raise Refused("model-refused" if name == "CreateSession" else "runtime-failed",
                                  "%s: %s" % (name, text))
        setattr(self, name, checked)
        return checked

    def get(self, name, *args, kind=C.c_void_p):
        """Call a function whose last argument is where its result goes; return that."""
        out = kind()
        getattr(self, name)(*args, C.addressof(out))
        return out.value


class Session:
    def __init__(self, ort, model, shape, threads, seed, profile=None, values=None):
        self.ort = ort
        settings = ort.get("CreateSessionOptions")
        if threads:
            ort.SetIntraOpNumThreads(settings, threads)
        ort.SetInterOpNumThreads(settings, 1)
        if profile:
            ort.EnableProfiling(settings, profile.encode())
        self.session = ort.get("CreateSession", ort.env, model.encode(), settings)
        ort.ReleaseSessionOptions(settings)
        self.allocator = ort.get("GetAllocatorWithDefaultOptions")
        self.bind(shape, random.Random(seed), values)

    def name(self, which, i):
        return self.ort.get(which, self.session, i, self.allocator, kind=C.c_char_p)

    def bind(self, shape, dice, given_values):
        """One tensor for each input. The first has the shape given, and the values where there are some; elsewhere a
        dimension that is free is 1."""
        ort, self.keep = self.ort, []
        place = ort.get("CreateCpuMemoryInfo", 1, 0)
        n = ort.get("SessionGetInputCount", self.session, kind=C.c_int64)
        m = ort.get("SessionGetOutputCount", self.session, kind=C.c_int64)
        values = (C.c_void_p * n)()
        for i in range(n):
            info = ort.get("SessionGetInputTypeInfo", self.session, i)
            tensor = ort.get("CastTypeInfoToTensorInfo", info)
            if not tensor:
                raise Refused("model-refused", "input %d is not a tensor" % i)
            kind = ort.get("GetTensorElementType", tensor, kind=C.c_int)
            rank = ort.get("GetDimensionsCount", tensor, kind=C.c_int64)
            dims = (C.c_int64 * max(rank, 1))()
            ort.GetDimensions(tensor, C.addressof(dims), rank)
            ort.ReleaseTypeInfo(info)
            given = shape if i == 0 and len(shape) == rank else [1] * rank
            sizes = [d if d > 0 else g for d, g in zip(dims[:rank], given)]
            if kind not in TYPES:
                raise Refused("model-refused", "input %d: element type %d is not supported" % (i, kind))
            code, make = TYPES[kind]
            count = 1
            for d in sizes:
                count *= d
            if i == 0 and given_values is not None:
                if code != "f" or len(given_values) != 4 * count:
                    raise Refused("model-refused", "input 0 does not take %d values" % (len(given_values) // 4))
                data = array.array("f", given_values)
            else:
                block = array.array(code, [make(dice) for _ in range(min(count, 4093))])
                data = (block * (count // len(block) + 1))[:count]
            dims[:rank] = sizes
            address, length = data.buffer_info()
            values[i] = ort.get("CreateTensorWithDataAsOrtValue", place, address, length * data.itemsize,
                                C.addressof(dims), rank, kind)
            self.keep.append(data)
        names = (C.c_char_p * n)(*[self.name("SessionGetInputName", i) for i in range(n)])
        outs = (C.c_char_p * m)(*[self.name("SessionGetOutputName", i) for i in range(m)])
        self.results, self.names = (C.c_void_p * m)(), [name.decode() for name in outs]
        self.keep += [names, outs, values]
        self.call = (self.session, None, C.addressof(names), C.addressof(values), n, C.addressof(outs), m,
                     C.addressof(self.results))

    def run(self):
        """One inference; its time in milliseconds."""
        started = time.perf_counter()
        self.ort.Run(*self.call)
        spent = (time.perf_counter() - started) * 1e3
        self.release()
        return spent

    def release(self):
        for i, value in enumerate(self.results):
            self.ort.ReleaseValue(value)
            self.results[i] = None

    def finite(self):
        """Whether an inference's float outputs are numbers: constants in place of weights could overflow."""
        self.ort.Run(*self.call)
        good = True
        for value in self.results:
            info = self.ort.get("GetTensorTypeAndShape", value)
            if self.ort.get("GetTensorElementType", info, kind=C.c_int) == FLOAT:
                count = self.ort.get("GetTensorShapeElementCount", info, kind=C.c_int64)
                data = C.cast(self.ort.get("GetTensorMutableData", value), C.POINTER(C.c_float))
                good = good and all(math.isfinite(data[i]) for i in range(min(count, 65536)))
            self.ort.ReleaseTensorTypeAndShapeInfo(info)
        self.release()
        return good

    def outputs(self, most):
        """Of one inference: each float output's name, shape and bytes, `most` of these at most."""
        self.ort.Run(*self.call)
        found = []
        for name, value in zip(self.names, self.results):
            info = self.ort.get("GetTensorTypeAndShape", value)
            if self.ort.get("GetTensorElementType", info, kind=C.c_int) == FLOAT:
                rank = self.ort.get("GetDimensionsCount", info, kind=C.c_int64)
                dims = (C.c_int64 * max(rank, 1))()
                self.ort.GetDimensions(info, C.addressof(dims), rank)
                size = 4 * self.ort.get("GetTensorShapeElementCount", info, kind=C.c_int64)
                most -= size
                if most < 0:
                    raise Refused("too-large", "its outputs are too large to be sent")
                data = C.string_at(self.ort.get("GetTensorMutableData", value), size)
                found.append({"name": name, "shape": list(dims[:rank]),
                              "data": pieces(base64.b64encode(zlib.compress(data)).decode())})
            self.ort.ReleaseTensorTypeAndShapeInfo(info)
        self.release()
        return found

    def end_profile(self):
        path = self.ort.get("SessionEndProfiling", self.session, self.allocator, kind=C.c_char_p)
        with open(path, encoding="utf-8") as f:
            return json.load(f)


# ---- a serial line -------------------------------------------------------------------------------------------------

class Line:
    """A stream over a terminal that loses and changes bytes and carries kernel messages as well.

    A frame is "~", a kind, its number and the number awaited (four hexadecimal digits each), base64, the CRC-32 of all
    that, and a newline. Kinds: D data; A nothing but the number awaited, K the same and wants an answer, N sends back
    what is awaited; F the end; X ends whoever still listens. Data is one deflated stream. The terminal is raw
    meanwhile, so that no flipped byte is a Ctrl-C, and is given back as it was.
    """
    PAYLOAD, WINDOW, AGAIN = 192, 16, 1.0
    FRAME = re.compile(rb"~([DAKNFX])([0-9a-f]{4})([0-9a-f]{4})([A-Za-z0-9+/=]*)([0-9a-f]{8})")

    def __init__(self, source, target):
        import termios
        import tty
        self.source, self.target = source, target
        self.found = termios.tcgetattr(source)
        tty.setraw(source, termios.TCSANOW)
        self.state = threading.Condition()
        self.packer, self.opener = zlib.compressobj(6), zlib.decompressobj()
        self.unsent, self.flight, self.sent, self.last = bytearray(), {}, 0, 0.0
        self.awaited, self.ahead, self.refused = 0, {}, -1.0
        self.text, self.open, self.gone = bytearray(), True, False
        self.piece, self.heard = b"", time.monotonic()
        threading.Thread(target=self.listen, daemon=True).start()

    def frame(self, kind, number=0, data=b""):
        body = b"%s%04x%04x%s" % (kind, number, self.awaited, base64.b64encode(data))
        return b"~%s%08x\n" % (body, zlib.crc32(body))

    def put(self, data):
        while data:
            data = data[os.write(self.target, data):]

    def write(self, data):
        with self.state:
            self.unsent += self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH)
            self.pass_on()

    def pass_on(self):
        """What the window takes goes out; what is not acknowledged for long goes out again."""
        now = time.monotonic()
        if self.flight and now - self.last > self.AGAIN:
            self.last = now
            self.put(self.flight[min(self.flight, key=lambda n: (n - self.sent) & 0xffff)])
        while self.unsent and len(self.flight) < self.WINDOW:
            data = bytes(self.unsent[:self.PAYLOAD])
            del self.unsent[:self.PAYLOAD]
            self.flight[self.sent] = self.frame(b"D", self.sent, data)
            self.put(self.flight[self.sent])
            self.sent, self.last = (self.sent + 1) & 0xffff, now

    def listen(self):
        while self.open:
            try:
                data = os.read(self.source, 4096) if select.select([self.source], [], [], 0.2)[0] else None
            except OSError:
                data = b""
            with self.state:
                if data:
                    self.take(data)
                elif data == b"":
                    self.open = False
                self.pass_on()
                self.state.notify_all()

    def take(self, data):
        pieces = re.split(rb"[\n\r]", (self.piece + data).replace(b"~", b"\n~"))
        self.piece = pieces.pop()[-4096:]
        answer = None
        for piece in pieces:
            found = self.FRAME.search(piece)
            if found and zlib.crc32(found.group()[1:-8]) == int(found.group(5), 16):
                answer = self.understand(found, answer)
            elif b"~" in piece:
                answer = b"N"
        if answer == b"N" and time.monotonic() - self.refused < 0.2:
            answer = None
        if answer:
            if answer == b"N":
                self.refused = time.monotonic()
            self.put(self.frame(answer))

    def understand(self, found, answer):
        kind, number, awaits = found.group(1), int(found.group(2), 16), int(found.group(3), 16)
        self.heard = time.monotonic()
        if kind == b"X":
            self.open, self.gone = False, True
            return None
        for key in [key for key in self.flight if 0 < (awaits - key) & 0xffff <= self.WINDOW]:
            del self.flight[key]
            self.last = self.heard
        if kind == b"N" and awaits in self.flight:
            self.put(self.flight[awaits])
            self.last = self.heard
        if kind == b"K":
            return answer or b"A"
        if kind not in (b"D", b"F"):
            return answer
        offset = (number - self.awaited) & 0xffff
        if offset < self.WINDOW:
            self.ahead[number] = None if kind == b"F" else base64.b64decode(found.group(4))
        while self.awaited in self.ahead:
            data = self.ahead.pop(self.awaited)
            self.awaited, answer = (self.awaited + 1) & 0xffff, answer or b"A"
            if data is None:
                self.open = False
            else:
                self.text += self.opener.decompress(data)
        return b"N" if self.ahead else answer or b"A"

    def readline(self, most):
        with self.state:
            while b"\n" not in self.text and self.open:
                self.state.wait(1.0)
            end = self.text.find(b"\n") + 1
            line = bytes(self.text[:end])
            del self.text[:end]
            return line[:most]

    def close(self):
        """Says what is left to say, for a while, and gives the terminal back."""
        import termios
        end = time.monotonic() + 2
        with self.state:
            while (self.unsent or self.flight) and self.open and time.monotonic() < end:
                self.state.wait(0.2)
            self.open = False
            self.put(self.frame(b"A"))
        termios.tcsetattr(self.source, termios.TCSADRAIN, self.found)


# ---- measuring: in a worker, a process of its own ------------------------------------------------------------------

SLOW = 30.0          # ms: from here on one inference is a sample


def warm_up(once):
    """At least half a second and until two windows agree within 1 % or their own noise, three seconds at most."""
    start, before = time.monotonic(), None
    while time.monotonic() - start < 3:
        window, end = [], time.monotonic() + 0.5
        while len(window) < 20 and (len(window) < 2 or time.monotonic() < end):
            window.append(once())
        middle = statistics.median(window)
        # Two standard errors of a window's median.
        noise = 2 * 1.2533 * 1.4826 * statistics.median(abs(t - middle) for t in window) / len(window) ** 0.5
        if before and time.monotonic() - start > 0.5 and abs(middle - before) < max(0.01 * before, noise):
            return
        before = middle


def round_robin(sessions, rounds, slice_ms, seed, tell):
    """Every model once a round, in an order shuffled anew, so that drift falls on all alike. Model 0 is the sentinel."""
    dice, repeats = random.Random(seed), []
    for done, session in enumerate(sessions):
        first = min(session.run(), session.run())
        for _ in range(4 if first < SLOW else 0):
            first = min(first, session.run())
        single = first >= SLOW or slice_ms == 0
        repeats.append(1 if single else max(3, min(50, int(round(slice_ms / first)))))
        tell({"preparing": done + 1, "of": len(sessions)})
    warm_up(sessions[0].run)
    samples, sentinel = [[] for _ in sessions], []
    for done in range(rounds):
        order = list(range(len(sessions)))
        dice.shuffle(order)
        for model in order:
            session = sessions[model]
            if repeats[model] > 1 or slice_ms == 0:
                session.run()        # refills the caches after the model before it
            times = [session.run() for _ in range(repeats[model])]
            samples[model].append(statistics.median(times))
            if model == 0:
                sentinel.extend(times)
        tell({"done": done + 1, "total": rounds})
    return samples, sentinel


def layer_times(events, skip):
    """Per node, in order of running: the median kernel time in ms, the first `skip` runs left out."""
    times, kinds = {}, {}
    for event in events:
        name = event.get("name", "")
        if event.get("cat") == "Node" and name.endswith("_kernel_time"):
            name = name[:-len("_kernel_time")]
            times.setdefault(name, []).append(event.get("dur", 0) / 1000.0)
            kinds[name] = event.get("args", {}).get("op_name", "")
    return [{"name": n, "op": kinds[n], "median": statistics.median(t[skip:] or t)} for n, t in times.items()]


def alone(folder, tell):
    """Holds the board: whoever else measures on it is waited for."""
    import fcntl
    lock = open(os.path.join(folder, "measuring.lock"), "w")
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            if not told:
                tell({"waiting": True})
            told = True
            time.sleep(0.5)


TOOLS = ("trtexec", "benchmark_model", "benchncnn")


def run_tool(job):
    """A runtime's own benchmark program. In its options {model0} is a model's path, {folder} where it may write; files
    that it wrote there come back."""
    path = runtimes().get(job["tool"]) if job["tool"] in TOOLS else None
    if not path:
        raise Refused("no-tool", "there is no %s" % job["tool"])
    folder = os.path.join(job["folder"], "tools")
    os.makedirs(folder, 0o700, exist_ok=True)
    names = dict(("model%d" % i, model) for i, model in enumerate(job["models"]))
    names["folder"] = folder
    options = [re.sub(r"\{(\w+)\}", lambda m: names.get(m.group(1), m.group()), option) for option in job["options"]]
    wanted = [(name, os.path.join(folder, os.path.basename(name))) for name in job["reads"]]
    for _, target in wanted:
        remove(target)
    done = subprocess.run([path] + options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=folder)
    files = dict((name, read(target, 2 << 20)) for name, target in wanted)
    return {"code": done.returncode, "said": pieces(done.stdout.decode("utf-8", "replace")[-50000:]),
            "files": dict((name, pieces(text)) for name, text in files.items() if text is not None)}


def work(job, tell):
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    if job["method"] == "tool":
        held = alone(job["folder"], tell)
        try:
            return run_tool(job)
        finally:
            held.close()
    library = job["library"]
    if "size" in library and os.path.getsize(library["path"]) != library["size"]:
        raise Refused("library-damaged", "the library is %d bytes long, not %d" %
                      (os.path.getsize(library["path"]), library["size"]))
    if job.get("cores"):
        try:
            os.sched_setaffinity(0, job["cores"])
        except OSError as error:
            raise Refused("cores", str(error))
    held = alone(job["folder"], tell)
    ort = Ort(library["path"])
    shape, threads, seed = job["shape"], job["threads"], job["seed"]
    try:
        if job["method"] == "layers":
            with tempfile.TemporaryDirectory(prefix="profile-", dir=job["folder"]) as folder:
                session = Session(ort, job["models"][0], shape, threads, seed, os.path.join(folder, "profile"))
                skip, end = 3, time.monotonic() + job["seconds"]
                for i in range(skip + job["runs"]):
                    if i > skip + 3 and time.monotonic() > end:
                        break
                    session.run()
                    tell({"done": i + 1, "total": skip + job["runs"]})
                return {"layers": layer_times(session.end_profile(), skip)}
        if job["method"] == "forward":
            with open(job["models"][1], "rb") as f:
                values = f.read()
            session = Session(ort, job["models"][0], shape, threads, seed, values=values)
            return {"version": ort.version, "outputs": session.outputs(LONGEST_LINE // 2)}
        sessions, started = [], time.monotonic()
        for i, model in enumerate(job["models"]):
            sessions.append(Session(ort, model, shape, threads, seed))
            tell({"loading": i + 1, "of": len(job["models"])})
        finite = [session.finite() for session in sessions]
        before, loaded = state(), time.monotonic()
        samples, sentinel = round_robin(sessions, job["rounds"], job["slice"], seed, tell)
        # To 10 ns: more says nothing, and has to be carried.
        samples, sentinel = [[round(t, 5) for t in times] for times in samples], [round(t, 5) for t in sentinel]
        return {"version": ort.version, "samples": samples, "sentinel": sentinel, "finite": finite,
                "seconds": {"loading": loaded - started, "measuring": time.monotonic() - loaded},
                "before": before, "after": state()}
    finally:
        held.close()


def worker():
    try:
        C.CDLL(None).prctl(1, signal.SIGKILL)    # goes with the agent
    except (OSError, AttributeError):
        pass
    job = json.loads(sys.stdin.readline())
    try:
        say({"result": work(job, lambda progress: say({"progress": progress}))})
    except Exception as error:
        say({"error": refusal(error)})


# ---- serving -------------------------------------------------------------------------------------------------------

class Server:
    def __init__(self, store):
        self.store = store
        self.events = queue.Queue(1024)
        self.worker = None
        self.working = None      # id of the request the worker is for
        self.told = 0.0          # when its progress was passed on last
        self.answer = None
        self.heard = time.monotonic()

    def lines(self, stream, source):
        try:
            for line in iter(lambda: stream.readline(LONGEST_LINE), b""):
                self.events.put((source, line))
        except (OSError, ValueError):
            pass
        self.events.put((source, None))

    def listen(self, stream, source):
        threading.Thread(target=self.lines, args=(stream, source), daemon=True).start()

    def serve(self):
        self.listen(LINE or sys.stdin.buffer, None)
        self.ended = False
        while time.monotonic() - max(self.heard, LINE.heard if LINE else 0) < (LINE_IDLE if LINE else IDLE):
            try:
                source, line = self.events.get(timeout=BEAT)
            except queue.Empty:
                if self.worker:
                    say({"id": self.working, "progress": {"beat": True}})
                continue
            if source is not None:
                if source is self.worker:
                    self.from_worker(line)
            elif line is None:
                self.ended = True
                break
            else:
                self.heard = time.monotonic()
                self.from_host(line)
        self.stop()

    def stop(self):
        if self.worker:
            process, self.worker = self.worker, None
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass
            process.wait()
            unpin(self.store.folder)

    def from_host(self, line):
        try:
            request = json.loads(line.decode("utf-8"))
            key, method, given = request["id"], request["method"], request.get("params", {})
        except (ValueError, KeyError, TypeError):
            return say({"id": None, "error": {"code": "bad-request", "message": "not a request"}})
        try:
            if method in ("measure", "layers", "forward", "tool"):
                return self.start(key, method, given)
            say({"id": key, "result": self.handle(method, given)})
        except Exception as error:
            say({"id": key, "error": refusal(error)})

    def handle(self, method, given):
        if method == "ping":
            return {}
        if method == "probe":
            return probe()
        if method == "state":
            return state()
        if method == "kept":
            folder = os.path.join(self.store.folder, "tools")
            return {"kept": [os.path.exists(os.path.join(folder, os.path.basename(name))) for name in given["names"]]}
        if method == "have":
            return {"sizes": self.store.sizes(given["files"])}
        if method in ("put", "patch", "part"):
            try:
                data = zlib.decompress(base64.b64decode(given["data"], validate=True))
            except (binascii.Error, zlib.error):
                raise Refused("corrupt", "the file arrived damaged")
            if method == "put":
                self.store.add(given["sha256"], data)
            elif method == "part":
                self.store.part(given["sha256"], given["size"], given["offset"], data)
            else:
                self.store.patch(given["base"], given["files"], data)
            return {}
        if method == "verify":
            return {"good": self.store.verify(given["sha256"])}
        if method == "cancel":
            self.stop()
            return {}
        raise Refused("unknown-method", "there is no method %r" % (method,))

    def start(self, key, method, given):
        if self.worker:
            raise Refused("busy", "the agent is measuring")
        library, needed = dict(given.get("library", {})), list(given["models"])
        if "sha256" in library:
            needed.append(library["sha256"])
            library["path"] = self.store.path(library["sha256"])
        job = dict(given, method=method, folder=self.store.folder, library=library,
                   models=[self.store.path(sha) for sha in given["models"]])
        missing = [sha for sha in needed if not os.path.exists(self.store.path(sha))]
        if missing:
            raise Refused("file-missing", "%d files are not here any more" % len(missing))
        if given.get("pin"):
            pin(self.store.folder)
        self.errors = tempfile.TemporaryFile(dir=self.store.folder)
        self.worker = subprocess.Popen([sys.executable, "-c", AS_MODULE, "agent", os.path.abspath(__file__), "worker"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                       start_new_session=True)
        self.working, self.answer = key, None
        self.worker.stdin.write(json.dumps(job).encode() + b"\n")
        self.worker.stdin.close()
        self.listen(self.worker.stdout, self.worker)

    def from_worker(self, line):
        if line is not None:
            try:
                message = json.loads(line.decode("utf-8"))
            except ValueError:
                return None
            if "progress" in message:
                # A slow line has better things to carry.
                if LINE and time.monotonic() - self.told < 1:
                    return None
                self.told = time.monotonic()
                return say({"id": self.working, "progress": message["progress"]})
            self.answer = message
            return None
        process, self.worker = self.worker, None
        code = process.wait()
        unpin(self.store.folder)
        if self.answer is None:
            self.errors.seek(max(0, self.errors.seek(0, 2) - 2000))
            tail = self.errors.read().decode("utf-8", "replace").strip()
            name = "signal %d" % -code if code < 0 else "exit code %d" % code
            self.answer = {"error": {"code": "worker-died", "message": name, "signal": -code if code < 0 else 0,
                                     "tail": tail}}
        self.errors.close()
        return say(dict(self.answer, id=self.working))


def own_hash():
    with open(os.path.abspath(__file__), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def main(arguments):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    mode = arguments[0] if arguments else ""
    if sys.version_info < (3, 6):
        return say({"lupine": PROTOCOL, "python": platform.python_version(), "error": {"code": "python-old"}})
    if mode == "worker":
        return worker()
    if mode == "version":
        return print(Ort(arguments[1]).version)
    try:
        if mode == "install":
            return say({"lupine": PROTOCOL, "result": install(SOURCE)})    # noqa: F821 (given by who runs it)
        store = Store(HERE)
        if mode == "receive":
            store.receive(arguments[1], int(arguments[2]), sys.stdin.buffer)
            return say({"lupine": PROTOCOL, "result": {}})
    except Exception as error:
        return say({"lupine": PROTOCOL, "error": refusal(error)})
    if mode == "serve":
        return serve(store)
    return sys.exit(__doc__)


def serve(store):
    global LINE
    if sys.stdin.isatty() and sys.stdout.isatty():
        LINE = Line(0, 1)
    try:
        say({"lupine": PROTOCOL, "sha256": own_hash(), "python": platform.python_version(), "pid": os.getpid()})
        # Of an agent that was killed.
        unpin(store.folder)
        server = Server(store)
        server.serve()
    finally:
        if LINE:
            LINE.close()
    return 0 if server.ended and not (LINE and LINE.gone) else GONE


def start(arguments):
    try:
        sys.exit(main(arguments))
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)


# Runs a file (name, path, arguments) as a module: Python keeps it compiled then, which is half a second of a slow
# board's time at every start. Without quotes, for shells; start.ts has the same.
AS_MODULE = ("import sys,importlib.util as u;s=u.spec_from_file_location(*sys.argv[1:3]);m=u.module_from_spec(s);"
             "s.loader.exec_module(m);m.start(sys.argv[3:])")
HERE = os.path.dirname(os.path.abspath(globals().get("__file__", "x")))
if __name__ == "__main__":
    start(sys.argv[1:])
