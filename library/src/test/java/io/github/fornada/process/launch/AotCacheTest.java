package io.github.fornada.process.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.github.fornada.Pool;
import io.github.fornada.process.Leftovers;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.process.Programs;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.WorkerMain;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers start from a valid cache if there is one, and a bad cache does no harm. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class AotCacheTest {
  /** As a pool of default options asks for it. */
  private static final List<String> FLAGS = flags();

  /** Where the other tests of this JVM have their cache; null for nowhere. */
  private static final String BEFORE = System.getProperty(AotCacheFolder.PROPERTY);

  @TempDir static Path madeOnce;
  @TempDir Path temp;

  private static List<String> flags() {
    var flags = new ArrayList<>(Launcher.ownFlags(List.of()));
    for (String option : InheritedOptions.options()) {
      if (!option.startsWith("-D") && !option.startsWith("-Xss")) {
        flags.add(option);
      }
    }
    return flags;
  }

  private static AotCache cacheIn(Path folder) {
    System.setProperty(AotCacheFolder.PROPERTY, folder.toString());
    return Objects.requireNonNull(AotCache.of(FLAGS, List.of()));
  }

  @BeforeAll
  static void make() {
    cacheIn(madeOnce.resolve("aot")).make();
  }

  @BeforeEach
  void copy() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("aot"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    try (Stream<Path> files = Files.list(madeOnce.resolve("aot"))) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            folder.resolve(file.getFileName()),
            java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @AfterEach
  void forget() {
    if (BEFORE == null) {
      System.clearProperty(AotCacheFolder.PROPERTY);
    } else {
      System.setProperty(AotCacheFolder.PROPERTY, BEFORE);
    }
  }

  @AfterAll
  static void nothingIsLeft() {
    Leftovers.assertNone(ProcessHandle.current().pid());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Path file(AotCache cache) {
    return Path.of(cache.options().getFirst().substring("-XX:AOTCache=".length()));
  }

  /** The value of a JVM's option, asked in a worker. */
  private static String option(String name) {
    return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .getVMOption(name)
        .getValue();
  }

  /** The option that names the worker's cache, and what the worker's JVM printed. */
  private record Seen(String cache, String printed) {}

  private static Seen open(String... jvmOptions) throws InterruptedException {
    return openWithHeap("48m", jvmOptions);
  }

  private static Seen openWithHeap(String heap, String... jvmOptions) throws InterruptedException {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var bytes = new ByteArrayOutputStream();
    var both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    System.setOut(both);
    System.setErr(both);
    try (Pool pool =
        ProcessPool.open(o -> o.withWorkers(1).withHeap(heap).withJvmOptions(jvmOptions))) {
      List<String> values = pool.map(List.of("AOTCache"), AotCacheTest::option);
      return new Seen(String.valueOf(values.getFirst()), bytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @Test
  void makingItLeavesTheCacheAndItsJarAndNothingElse() throws Exception {
    assertThat(names(madeOnce.resolve("aot")))
        .satisfiesExactly(
            name -> assertThat(name).endsWith(".aot"),
            name -> assertThat(name).endsWith(".jar"),
            name -> assertThat(name).isEqualTo("lock"));
  }

  @Test
  void workersUseItSilently() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    assertThat(cache.isReady()).isTrue();
    Seen seen = open();
    assertThat(seen.cache()).startsWith(temp.resolve("aot").toString());
    assertThat(seen.printed()).isEmpty();
  }

  @Test
  void theJvmAcceptsItWithAnyClassPathAfterItsJar() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    var arguments = new ArrayList<>(FLAGS);
    arguments.addAll(cache.options());
    // Later options win: now it is an error if the cache does not fit.
    arguments.add("-XX:AOTMode=on");
    arguments.addAll(List.of("-cp", cache.jar() + ":" + Programs.library()));
    arguments.add(WorkerMain.class.getName());
    var command = new ArrayList<>(List.of(Launcher.java()));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said.strip())
        .isEqualTo("This is Fornada's worker; a ProcessPool starts it. It cannot be run by hand.");
    assertThat(process.waitFor()).isEqualTo(MessageTypes.EXIT_PROTOCOL);
  }

  @Test
  void otherOptionsHaveAnotherCache() throws Exception {
    cacheIn(temp.resolve("aot"));
    assertThat(open("-XX:+UseParallelGC").cache()).isIn("", "null");
    assertThat(open("-Xshare:off").cache()).isIn("", "null");
  }

  @Test
  void aBrokenCacheOrJarCostsNothing() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    Path file = file(cache);
    byte[] whole = Files.readAllBytes(file);
    for (byte[] broken :
        List.of(
            "junk".getBytes(StandardCharsets.US_ASCII), java.util.Arrays.copyOf(whole, 99_999))) {
      Files.write(file, broken);
      Seen seen = open();
      assertThat(seen.cache()).isEqualTo(file.toString());
      assertThat(seen.printed()).isEmpty();
    }
    Files.write(file, whole);
    Files.writeString(cache.jar(), "no jar");
    assertThat(open().printed()).isEmpty();
  }

  @Test
  void withoutItNoneIsUsed() throws Exception {
    cacheIn(temp.resolve("aot"));
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("48m").withoutAotCache())) {
      assertThat(pool.map(List.of("AOTCache"), AotCacheTest::option)).doesNotContain("aot");
      assertThat(pool.map(List.of("java.class.path"), System::getProperty).getFirst())
          .doesNotContain(temp.toString());
    }
  }

  @Test
  void aFolderThatOthersCanWriteToIsNotTrusted() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    Files.setPosixFilePermissions(
        temp.resolve("aot"), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(cache.isReady()).isFalse();
  }

  @Test
  void aFolderThatOthersCouldPutAnotherInThePlaceOfIsNotTrusted() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(cache.isReady()).isFalse();
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwx------"));
    assertThat(cache.isReady()).isTrue();
  }

  @Test
  void behindALinkItIsTheRealFolderThatCounts() throws Exception {
    Path link = Files.createSymbolicLink(temp.resolve("link"), temp.resolve("aot"));
    assertThat(cacheIn(link).isReady()).isTrue();
    Files.setPosixFilePermissions(
        temp.resolve("aot"), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(cacheIn(link).isReady()).isFalse();
  }

  @Test
  void nothingIsMadeInAFolderThatOthersCanWriteTo() throws Exception {
    Path folder = Files.createDirectory(temp.resolve("open"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    cacheIn(folder).make();
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void whileAnotherProgramMakesItNothingIsDone() throws Exception {
    Path folder = temp.resolve("aot");
    AotCache cache = cacheIn(folder);
    Files.delete(file(cache));
    try (var channel =
            FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = channel.lock()) {
      cache.make();
      assertThat(held.isValid()).isTrue();
      assertThat(cache.isReady()).isFalse();
    }
  }

  @Test
  void makingItAgainLeavesTheJarThatOthersMayRunFrom() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    Object jar = Files.readAttributes(cache.jar(), BasicFileAttributes.class).fileKey();
    Files.delete(file(cache));
    cache.make();
    assertThat(cache.isReady()).isTrue();
    assertThat(Files.readAttributes(cache.jar(), BasicFileAttributes.class).fileKey())
        .isEqualTo(jar);
  }

  @Test
  void aCacheThatMadeAWorkerFailIsNeitherUsedNorMadeAgainByAnyProgram() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    cache.distrust(true);
    AotCache ofAnother = cacheIn(temp.resolve("aot"));
    assertThat(ofAnother.isReady()).isFalse();
    ofAnother.make();
    assertThat(ofAnother.isReady()).isFalse();
  }

  @Test
  void aSlowStartCostsOtherProgramsNothing() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    cache.distrust(false);
    assertThat(cache.isReady()).isFalse();
    assertThat(cacheIn(temp.resolve("aot")).isReady()).isTrue();
  }

  @Test
  void aTinyInitialHeapHasNoRoomForIt() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    Seen seen = open("-Xms2m");
    assertThat(seen.cache()).isIn("", "null");
    assertThat(seen.printed()).isEmpty();
    assertThat(cache.isReady()).isTrue();
  }

  @Test
  void aTinyLargestHeapHasNoRoomForItEither() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    assertThat(open("-Xmx2m").cache()).isIn("", "null");
    assertThat(cache.isReady()).isTrue();
  }

  @Test
  void theLeastHeapThereIsHasNoRoomForItAndLeavesItToOthers() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    List<String> before = names(temp.resolve("aot"));
    Seen seen = openWithHeap("2m");
    assertThat(seen.cache()).isIn("", "null");
    assertThat(seen.printed()).isEmpty();
    assertThat(cache.isReady()).isTrue();
    assertThat(names(temp.resolve("aot"))).isEqualTo(before);
  }

  @Test
  void workersThatFailByAnOptionOfTheirOwnLeaveItToOthers() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    // no JVM starts so, whether with a cache or without
    assertThatThrownBy(() -> open("-Djava.system.class.loader=no.such.Loader"))
        .isInstanceOf(RuntimeException.class);
    assertThat(cache.isReady()).isTrue();
    assertThat(open().cache()).isEqualTo(file(cache).toString());
  }

  @Test
  void whereOptionsOfTheirOwnMadeWorkersFailOnlyThoseNeverUseIt() throws Exception {
    AotCache cache = cacheIn(temp.resolve("aot"));
    List<String> own = List.of("-Xmn1m");
    Objects.requireNonNull(AotCache.of(FLAGS, own)).distrust(true);
    assertThat(AotCache.of(FLAGS, own)).isNull();
    assertThat(AotCache.of(FLAGS, List.of("-Xmn2m"))).isNotNull();
    assertThat(cache.isReady()).isTrue();
  }

  @Test
  void aHomeThatCannotBeWrittenToIsNoError() throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "in the way");
    AotCache cache = cacheIn(file.resolve("aot"));
    assertThat(cache.isReady()).isFalse();
    cache.make();
    assertThat(cache.isReady()).isFalse();
  }

  @Test
  void theFolderIsBounded() throws Exception {
    Path folder = Files.createDirectory(temp.resolve("many"));
    for (int i = 0; i < 14; i++) {
      for (String ending : List.of(".aot", ".jar")) {
        Path file = Files.writeString(folder.resolve("fornada-" + i + ending), "x");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(10_000 + i)));
      }
    }
    Path left = Files.writeString(folder.resolve("fornada-1.tmp"), "x");
    Files.setLastModifiedTime(left, FileTime.from(Instant.now().minusSeconds(10_000)));
    AotCacheFolder.prune(folder);
    assertThat(names(folder)).hasSize(18).contains("fornada-0.aot", "fornada-8.jar");
  }
}
