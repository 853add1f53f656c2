"""The agent by itself: python3 -m unittest discover -s test/agent. Standard library only, Python 3.6 or newer."""
import base64
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from unittest import mock

sys.dont_write_bytecode = True
AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../resources/agent/lupine_agent.py")
sys.path.insert(0, os.path.dirname(AGENT))
import lupine_agent as agent  # noqa: E402


def sha(data):
    return hashlib.sha256(data).hexdigest()


class InFolder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.environment = dict(os.environ, HOME=self.folder)
        self.environment.pop("XDG_CACHE_HOME", None)


class Store(InFolder):
    def setUp(self):
        InFolder.setUp(self)
        self.store = agent.Store(self.folder)

    def refused(self, code, *call):
        with self.assertRaises(agent.Refused) as caught:
            call[0](*call[1:])
        self.assertEqual(caught.exception.code, code)

    def test_files_are_what_their_names_say(self):
        self.store.add(sha(b"model"), b"model")
        self.assertEqual(self.store.sizes([sha(b"model"), sha(b"other")]), [5, -1])
        self.refused("corrupt", self.store.add, sha(b"model"), b"mode1")
        self.refused("bad-request", self.store.add, "../../etc/passwd", b"")
        self.assertEqual(os.listdir(self.store.files), [sha(b"model")])

    def test_a_stream_is_taken_whole_or_not_at_all(self):
        data = os.urandom(1 << 20)
        self.store.receive(sha(data), len(data), io.BytesIO(data))
        self.assertTrue(self.store.verify(sha(data)))
        os.remove(self.store.path(sha(data)))
        self.refused("cut-off", self.store.receive, sha(data), len(data), io.BytesIO(data[:-1]))
        self.refused("corrupt", self.store.receive, sha(data), len(data), io.BytesIO(b"x" + data[1:]))
        self.refused("disk-full", self.store.receive, sha(data), 1 << 60, io.BytesIO(data))
        self.assertEqual(os.listdir(self.store.files), [])

    def test_a_file_is_made_of_another_and_what_is_new(self):
        base, wanted = b"abcdefgh" * 40, b"abcd" + b"NEW" + b"gh" * 1 + b"abcdefgh" * 39
        self.store.add(sha(base), base)
        delta = bytes([0, 4, 3]) + b"NEW" + bytes([4, 2 + 312 - 256 | 128, 2, 0])
        self.store.patch(sha(base), [{"sha256": sha(wanted), "length": len(delta)}], delta)
        self.assertEqual(self.store.sizes([sha(wanted)]), [len(wanted)])
        self.refused("corrupt", self.store.patch, sha(base), [{"sha256": sha(b"x"), "length": len(delta)}], delta)

    def test_blocks_add_up_to_a_file(self):
        data = os.urandom(1000)
        for offset in (0, 400, 800):
            self.assertEqual(self.store.sizes([sha(data)]), [-1])
            self.store.part(sha(data), 1000, offset, data[offset:offset + 400])
        self.assertTrue(self.store.verify(sha(data)))
        self.assertEqual(os.listdir(self.store.files), [sha(data)])
        self.refused("corrupt", self.store.part, sha(b"other"), 3, 0, b"odd")

    def test_damage_is_found_and_removed(self):
        self.store.add(sha(b"library"), b"library")
        with open(self.store.path(sha(b"library")), "wb") as f:
            f.write(b"libr")
        self.assertFalse(self.store.verify(sha(b"library")))
        self.assertFalse(os.path.exists(self.store.path(sha(b"library"))))
        self.assertFalse(self.store.verify(sha(b"nothing")))

    def test_the_models_used_last_stay(self):
        with mock.patch.object(agent, "KEPT_MODELS", 30), mock.patch.object(agent, "SMALL", 20):
            for name in (b"a" * 10, b"b" * 10, b"c" * 10, b"l" * 25):
                self.store.add(sha(name), name)
                os.utime(self.store.path(sha(name)), (1000, 1000 + name[0]))
            self.store.sizes([sha(b"a" * 10)])    # asked for: in use
            self.store.add(sha(b"d" * 10), b"d" * 10)
            left = self.store.sizes([sha(c * n) for c, n in ((b"a", 10), (b"b", 10), (b"c", 10), (b"d", 10), (b"l", 25))])
        self.assertEqual(left, [10, -1, 10, 10, 25])

    def test_a_full_disk_has_a_name(self):
        self.assertEqual(agent.refusal(OSError(errno.ENOSPC, "full"))["code"], "disk-full")
        self.assertEqual(agent.refusal(OSError(errno.EROFS, "no"))["code"], "read-only")
        self.assertEqual(agent.refusal(MemoryError())["code"], "memory")


class Install(InFolder):
    def install(self, **environment):
        code = 'import sys;s=sys.stdin.buffer.read();exec(compile(s,"a","exec"),{"__name__":"__main__","SOURCE":s})'
        with open(AGENT, "rb") as source:
            done = subprocess.run([sys.executable, "-c", code, "install"], stdin=source, stdout=subprocess.PIPE,
                                  env=dict(self.environment, **environment), timeout=60)
        return json.loads(done.stdout.decode())

    def test_it_goes_into_the_cache_for_its_user_alone(self):
        path = self.install()["result"]["path"]
        self.assertEqual(os.path.dirname(path), os.path.join(self.folder, ".cache/lupine"))
        with open(AGENT, "rb") as source, open(path, "rb") as copy:
            self.assertEqual(source.read(), copy.read())
        self.assertEqual(os.stat(os.path.dirname(path)).st_mode & 0o077, 0)

    def test_a_home_that_takes_nothing_is_gone_around(self):
        blocked = os.path.join(self.folder, "file")
        with open(blocked, "w"):
            pass
        path = self.install(XDG_CACHE_HOME=blocked)["result"]["path"]
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        self.assertIn(os.path.dirname(path), ["%s/lupine-%d" % (d, os.getuid()) for d in ("/var/tmp", "/tmp", "/dev/shm")])

    def test_a_folder_that_is_somebody_elses_link_is_not_taken(self):
        os.mkdir(os.path.join(self.folder, "elsewhere"))
        os.symlink("elsewhere", os.path.join(self.folder, "link"))
        with self.assertRaises(OSError):
            agent.usable(os.path.join(self.folder, "link"))

    def test_an_older_python_says_which_it_is(self):
        said = []
        with mock.patch.object(sys, "version_info", (3, 5, 2)), mock.patch.object(agent, "say", said.append):
            agent.main(["serve"])
        self.assertEqual(said[0]["error"]["code"], "python-old")


class Serving(InFolder):
    def setUp(self):
        InFolder.setUp(self)
        copy = os.path.join(self.folder, "agent.py")
        with open(AGENT, "rb") as source, open(copy, "wb") as target:
            target.write(source.read())
        self.agent = subprocess.Popen([sys.executable, "-u", copy, "serve"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, env=self.environment)
        self.addCleanup(self.end)
        self.hello = self.read()

    def end(self):
        self.agent.kill()
        self.agent.wait()
        self.agent.stdin.close()
        self.agent.stdout.close()

    def read(self):
        return json.loads(self.agent.stdout.readline().decode())

    def ask(self, method, **params):
        self.send({"id": 7, "method": method, "params": params})
        return self.read()

    def send(self, message):
        self.agent.stdin.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        self.agent.stdin.flush()

    def test_it_says_what_it_is_and_answers(self):
        with open(AGENT, "rb") as source:
            self.assertEqual(self.hello["sha256"], sha(source.read()))
        self.assertEqual(self.ask("ping"), {"id": 7, "result": {}})
        self.assertEqual(self.ask("no such thing")["error"]["code"], "unknown-method")

    def test_lines_that_are_no_requests_do_no_harm(self):
        packed = base64.b64encode(zlib.compress(b"b")).decode()
        for line in (b"\n", b"{\n", b"[]\n", b'{"id":1}\n', b"\xff\xfe\n", b"9" * 100000 + b"\n"):
            self.send(line)
            self.assertEqual(self.read()["error"]["code"], "bad-request")
        self.assertEqual(self.ask("put", sha256=sha(b"a"), data="!")["error"]["code"], "corrupt")
        self.assertEqual(self.ask("put", sha256=sha(b"a"), data=packed)["error"]["code"], "corrupt")
        self.assertEqual(self.ask("ping"), {"id": 7, "result": {}})

    def test_facts_are_those_of_this_computer(self):
        facts = self.ask("probe")["result"]
        self.assertEqual(facts["python"], ".".join(str(n) for n in sys.version_info[:3]))
        self.assertEqual((facts["bits"], facts["usable"]), (64, len(os.sched_getaffinity(0))))
        self.assertGreater(facts["memory"]["total"], facts["memory"]["available"])
        self.assertEqual(facts["jetson"], None)

    def test_what_is_missing_has_a_name(self):
        answer = self.ask("measure", library={"sha256": sha(b"a"), "size": 1}, models=[sha(b"m")])
        self.assertEqual(answer["error"]["code"], "file-missing")

    def test_a_library_that_is_none_is_refused_and_a_short_one_noticed(self):
        for data, size, code in ((b"no library", 10, "library-unusable"), (b"short", 9, "library-damaged")):
            self.ask("put", sha256=sha(data), data=base64.b64encode(zlib.compress(data)).decode())
            answer = self.ask("measure", library={"sha256": sha(data), "size": size}, models=[], shape=[1], threads=1,
                              seed=0, rounds=1, slice=1)
            self.assertEqual(answer["error"]["code"], code)

    def test_it_ends_with_its_connection(self):
        self.agent.stdin.close()
        self.assertEqual(self.agent.wait(timeout=20), 0)


class RoundRobin(unittest.TestCase):
    class Fake:
        def __init__(self, ms):
            self.ms, self.runs = ms, 0

        def run(self):
            self.runs += 1
            return self.ms

    def test_every_model_once_a_round_and_slow_ones_without_repetition(self):
        told = []
        fast, slow = self.Fake(1.0), self.Fake(400.0)
        samples, sentinel = agent.round_robin([fast, slow], 4, 6, 1, told.append)
        self.assertEqual(samples, [[1.0] * 4, [400.0] * 4])
        self.assertEqual(len(sentinel), 4 * 6)
        self.assertEqual(slow.runs, 2 + 4)
        self.assertEqual([t["done"] for t in told if "done" in t], [1, 2, 3, 4])

    def test_a_clock_that_jumps_changes_no_time(self):
        with mock.patch.object(time, "time", side_effect=lambda: self.fail("the wall clock was asked")):
            samples, _ = agent.round_robin([self.Fake(2.0)], 2, 1, 1, lambda _: None)
        self.assertEqual(samples, [[2.0, 2.0]])

    def test_layers_come_from_kernel_times_in_order(self):
        def event(name, us, cat="Node"):
            return {"cat": cat, "name": name, "dur": us, "args": {"op_name": "Conv"}}
        events = [event("model_run", 9, "Session")] + [event(n + "_kernel_time", us) for us in (900, 10, 20, 30)
                                                       for n in ("b", "a")] + [event("a_fence_before", 1), {"ph": "X"}]
        self.assertEqual(agent.layer_times(events, 1), [{"name": "b", "op": "Conv", "median": 0.02},
                                                        {"name": "a", "op": "Conv", "median": 0.02}])


class Facts(unittest.TestCase):
    def test_throttling_is_read_from_the_pis_own_tool(self):
        with mock.patch.object(agent, "output", lambda *command: "throttled=0x50005"):
            self.assertEqual(agent.state()["throttled"], 0x50005)
        with mock.patch.object(agent, "output", lambda *command: None):
            self.assertNotIn("throttled", agent.state())


class Clocks(InFolder):
    def setUp(self):
        InFolder.setUp(self)
        self.governors = []
        for i, governor in enumerate(("ondemand", "performance", "powersave")):
            os.makedirs(os.path.join(self.folder, "cpufreq/policy%d" % i))
            self.governors.append(os.path.join(self.folder, "cpufreq/policy%d/scaling_governor" % i))
            with open(self.governors[-1], "w") as f:
                f.write(governor)
        patched = mock.patch.object(agent, "CPUS", self.folder)
        patched.start()
        self.addCleanup(patched.stop)

    def now(self):
        return [agent.read(path) for path in self.governors]

    def test_they_are_pinned_and_put_back_by_whoever_comes_next(self):
        agent.pin(self.folder)
        self.assertEqual(self.now(), ["performance"] * 3)
        # As after a kill: nothing but the note says what was.
        agent.pin(self.folder)
        agent.unpin(self.folder)
        self.assertEqual(self.now(), ["ondemand", "performance", "powersave"])
        self.assertFalse(os.path.exists(os.path.join(self.folder, "pinned.json")))

    def test_clocks_that_may_not_be_pinned_stay_as_they_are(self):
        real = agent.set_file
        with mock.patch.object(agent, "set_file", lambda path, text: "policy2" not in path and real(path, text)):
            with self.assertRaises(agent.Refused) as caught:
                agent.pin(self.folder)
        self.assertEqual(caught.exception.code, "not-pinned")
        self.assertEqual(self.now(), ["ondemand", "performance", "powersave"])


class JetsonClocks(Clocks):
    """Against a stand-in that keeps its one clock in a file, as the script of JetPack 4 to 6 takes its arguments."""
    TOOL = """#!/bin/sh
cd "%s" && echo "$*" >> asked
case "$1" in
--store) [ ! -e "$2" ] && cp clock "$2" ;;
--restore) cp "$2" clock ;;
"") [ ! -e broken ] && echo highest > clock ;;
*) exit 1 ;;
esac
"""

    def setUp(self):
        Clocks.setUp(self)
        tool = os.path.join(self.folder, "jetson_clocks")
        with open(tool, "w") as f:
            f.write(self.TOOL % self.folder)
        os.chmod(tool, 0o755)
        # There is no sudo for a user who is not root.
        for patched in (mock.patch.dict(os.environ, PATH="%s:%s" % (self.folder, os.environ["PATH"])),
                        mock.patch.object(os, "geteuid", lambda: 0)):
            patched.start()
            self.addCleanup(patched.stop)
        self.set_clock("lazy")

    def set_clock(self, value):
        with open(os.path.join(self.folder, "clock"), "w") as f:
            f.write(value)

    def clock(self):
        return agent.read(os.path.join(self.folder, "clock"))

    def test_the_jetsons_own_tool_pins_and_restores(self):
        agent.pin(self.folder)
        self.assertEqual(self.clock(), "highest")
        agent.pin(self.folder)
        agent.unpin(self.folder)
        self.assertEqual(self.clock(), "lazy")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "jetson_clocks.conf")))
        self.assertEqual(self.now(), ["ondemand", "performance", "powersave"])

    def test_a_tool_that_fails_leaves_nothing_pinned(self):
        with open(os.path.join(self.folder, "broken"), "w"):
            pass
        with self.assertRaises(agent.Refused) as caught:
            agent.pin(self.folder)
        self.assertEqual(caught.exception.code, "not-pinned")
        self.assertEqual([self.clock(), self.now()], ["lazy", ["ondemand", "performance", "powersave"]])
        self.assertFalse(os.path.exists(os.path.join(self.folder, "jetson_clocks.conf")))

    def test_clocks_that_cannot_be_stored_are_not_touched(self):
        with mock.patch.object(agent, "jetson_clocks", lambda *arguments: False):
            self.assertRaises(agent.Refused, agent.pin, self.folder)
        self.assertEqual([self.clock(), self.now()], ["lazy", ["ondemand", "performance", "powersave"]])


class OwnRuntime(InFolder):
    def test_pips_package_is_found(self):
        capi = os.path.join(self.folder, "onnxruntime/capi")
        os.makedirs(capi)
        library = os.path.join(capi, "libonnxruntime.so.1.17.0")
        with open(library, "w"):
            pass
        with mock.patch.object(sys, "path", [self.folder]):
            self.assertEqual(agent.own_library(), os.path.realpath(library))
            # What is no library tells no version.
            self.assertIsNone(agent.own_runtime())


if __name__ == "__main__":
    unittest.main()
