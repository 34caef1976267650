package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.fornada.Alone;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is read from texts as Linux writes them, and from this machine. */
@Alone
final class SystemLoadTest {
  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void version2() throws IOException {
    write("proc/self/cgroup", "0::/work.slice/job.scope\n");
    write(
        "proc/self/mountinfo",
        """
        24 1 0:22 / /proc rw,nosuid shared:5 - proc proc rw
        31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
        """);
    write("sys/fs/cgroup/work.slice/job.scope/cpu.max", "max 100000\n");
    write("sys/fs/cgroup/work.slice/cpu.max", "150000 100000\n");
    write(
        "sys/fs/cgroup/work.slice/cpu.stat",
        """
        usage_usec 100
        user_usec 50
        system_usec 50
        nr_periods 200
        nr_throttled 120
        throttled_usec 4711
        """);
    write(
        "sys/fs/cgroup/work.slice/job.scope/cpu.pressure",
        """
        some avg10=1.00 avg60=0.50 avg300=0.10 total=700000
        full avg10=0.00 avg60=0.00 avg300=0.00 total=0
        """);
  }

  private void version1() throws IOException {
    write(
        "proc/self/cgroup",
        "12:memory:/docker/4711\n4:cpu,cpuacct:/docker/4711\n1:name=systemd:/docker/4711\n0::/\n");
    write(
        "proc/self/mountinfo",
        """
        32 31 0:29 /docker/4711 /sys/fs/cgroup/cpu,cpuacct ro master:11 - cgroup cgroup rw,cpu,cpuacct
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
        """);
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    write(
        "sys/fs/cgroup/cpu,cpuacct/cpu.stat",
        "nr_periods 30\nnr_throttled 3\nthrottled_time 123456789\n");
  }

  @Test
  void theQuotaOfVersion2IsTheSmallestOnTheWayUp() throws IOException {
    version2();
    Cgroup group = Cgroup.of(root);
    assertThat(group.quota()).isEqualTo(1.5);
    assertThat(group.throttling()).isEqualTo(new Cgroup.Throttling(200, 120));
    assertThat(group.pressureMicros(root.resolve("none"))).isEqualTo(700_000);
  }

  @Test
  void theQuotaOfVersion1IsReadWhereTheContainerSeesIt() throws IOException {
    version1();
    Cgroup group = Cgroup.of(root);
    assertThat(group.quota()).isEqualTo(2.5);
    assertThat(group.throttling()).isEqualTo(new Cgroup.Throttling(30, 3));
  }

  @Test
  void withoutAQuotaThereIsNoLimit() throws IOException {
    version1();
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    assertThat(Cgroup.of(root).quota()).isInfinite();
    assertThat(Cgroup.quota("max 100000\n")).isInfinite();
    assertThat(Cgroup.of(root.resolve("none")).quota()).isInfinite();
    assertThat(Cgroup.of(root.resolve("none")).throttling()).isNull();
  }

  @Test
  void usableCoresAreTheLeastOfAffinityQuotaAndWhatTheJvmSees() throws IOException {
    write("proc/self/status", "Name:\tjava\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8\n");
    assertThat(SystemLoad.usableCores(root, 16)).isEqualTo(5);
    assertThat(SystemLoad.usableCores(root, 4)).isEqualTo(4);
    version2();
    assertThat(SystemLoad.usableCores(root, 4)).isEqualTo(1.5);
    assertThat(SystemLoad.usableCores(root.resolve("none"), 3)).isEqualTo(3);
  }

  @Test
  void listsOfProcessorsAreRead() {
    var expected = new BitSet();
    expected.set(0);
    expected.set(2, 5);
    assertThat(SystemLoad.allowed("Cpus_allowed_list:\t0,2-4\n")).isEqualTo(expected);
    assertThat(SystemLoad.allowed("Cpus_allowed_list:\t\n")).isNull();
    assertThat(SystemLoad.allowed("Name:\tjava\n")).isNull();
  }

  @Test
  void onlyTheProcessorsThatMayBeUsedCount() {
    String stat =
        """
        cpu  300 0 30 600 9 3 6 12 0 0
        cpu0 100 1 10 200 3 1 2 4 0 0
        cpu1 200 1 20 400 6 2 4 8 0 0
        intr 1 2 3
        """;
    var second = new BitSet();
    second.set(1);
    assertThat(SystemLoad.machine(stat, second)).isEqualTo(new SystemLoad.Machine(227e7, 8e7));
    assertThat(SystemLoad.machine(stat, null).busy()).isEqualTo((114 + 227) * 1e7);
    assertThat(SystemLoad.machine("", null).busy()).isNegative();
  }

  @Test
  void theLoadIsThatBetweenTwoReadings() throws IOException {
    version2();
    write("proc/stat", "cpu0 100 0 0 200 0 0 0 0 0 0\n");
    try (var load = new SystemLoad(root)) {
      write("sys/fs/cgroup/work.slice/cpu.stat", "nr_periods 210\nnr_throttled 126\n");
      write("proc/stat", "cpu0 100000100 0 0 200 0 0 0 1000 0 0\n");
      var last = new AtomicReference<>(load.read());
      assertThat(last.get().foreignCores()).isNaN(); // it has just begun
      Waiting.until(
          "a tenth of a second has passed",
          () -> {
            last.set(load.read());
            return !Double.isNaN(last.get().foreignCores());
          });
      assertThat(last.get().throttledShare()).isCloseTo(0.6, within(1e-9));
      assertThat(last.get().foreignCores()).isGreaterThan(1_000);
      assertThat(last.get().stolenCores()).isPositive();
      assertThat(last.get().compilerCores()).isNaN(); // no threads there
    }
  }

  private double busyWith(String threadName) throws IOException {
    write("proc/self/task/7/comm", threadName + "\n");
    write("proc/self/task/7/schedstat", "0 0 0\n");
    try (var load = new SystemLoad(root)) {
      write("proc/self/task/7/schedstat", "900000000000 0 0\n"); // longer than all others
      var last = new AtomicReference<>(load.read());
      Waiting.until(
          "a tenth of a second has passed",
          () -> {
            long end = System.nanoTime() + 20_000_000;
            while (System.nanoTime() < end) {
              Thread.onSpinWait(); // so that this process has something to count
            }
            last.set(load.read());
            return last.get().busyCores() >= 0;
          });
      return last.get().busyCores();
    }
  }

  @Test
  void whatWatchingTakesIsNotCountedAsTheProgramsWork() throws IOException {
    assertThat(busyWith("acme-worker")).isPositive();
    assertThat(busyWith("fornada-auto")).isZero();
    assertThat(busyWith("fornada-sampler")).isZero();
  }

  /** They rest in the last reading, and worked earlier in the tenth of a second that counts. */
  @Test
  void whatCompilersHaveTakenIsNotCountedAsTheProgramsWork() throws IOException {
    assertThat(busyWith("C2 CompilerThre")).isZero();
  }

  @Test
  void whatCannotBeReadIsUnknown() {
    try (var load = new SystemLoad(root.resolve("none"))) {
      var last = new AtomicReference<>(load.read());
      Waiting.until(
          "a tenth of a second has passed",
          () -> {
            last.set(load.read());
            return !Double.isNaN(last.get().busyCores());
          });
      assertThat(last.get().foreignCores()).isNaN();
      assertThat(last.get().throttledShare()).isNaN();
      assertThat(last.get().pressure()).isNaN();
      assertThat(last.get().collectorShare()).isNaN();
      assertThat(last.get().compilerCores()).isNaN();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aWorkerProcessAndThisOneCountAsBusyNotAsForeign() throws Exception {
    Process busy =
        new ProcessBuilder("sh", "-c", "while :; do :; done").redirectErrorStream(true).start();
    try (var load = new SystemLoad()) {
      var pids = List.of(busy.pid());
      var last = new AtomicReference<>(load.read(pids));
      Waiting.until(
          "the process is seen to be busy",
          () -> {
            last.set(load.read(pids));
            return last.get().busyCores() > 0.1;
          });
      assertThat(last.get().foreignCores()).isNotNaN();
      assertThat(last.get().compilerCores()).isBetween(0.0, 8.0);
    } finally {
      busy.destroyForcibly();
      assertThat(busy.waitFor()).isNotZero();
    }
  }
}
