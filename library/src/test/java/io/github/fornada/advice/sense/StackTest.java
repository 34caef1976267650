package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.advice.decide.WaitKind;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What stacks tell that cannot be made in a test, because they belong to libraries. */
final class StackTest {
  /** Makes a stack of lines such as {@code com.acme.Parser.parse:42}, innermost first. */
  private static Stack stack(String... lines) {
    return new Stack(
        Arrays.stream(lines)
            .map(line -> {
              int colon = line.indexOf(':');
              String name = colon < 0 ? line : line.substring(0, colon);
              int number = colon < 0 ? -2 : Integer.parseInt(line.substring(colon + 1));
              int dot = name.lastIndexOf('.');
              String type = name.substring(0, dot);
              String file = type.substring(type.lastIndexOf('.') + 1) + ".java";
              return new StackTraceElement(type, name.substring(dot + 1), file, number);
            })
            .toList());
  }

  @Test
  void connectionPoolsAreKnown() {
    assertThat(
            stack(
                    "jdk.internal.misc.Unsafe.park",
                    "java.util.concurrent.locks.LockSupport.parkNanos:410",
                    "java.util.concurrent.LinkedTransferQueue$DualNode.await:500",
                    "java.util.concurrent.SynchronousQueue.poll:900",
                    "com.zaxxer.hikari.util.ConcurrentBag.borrow:151",
                    "com.zaxxer.hikari.pool.HikariPool.getConnection:162",
                    "com.acme.Orders.load:12")
                .kind(false))
        .isEqualTo(WaitKind.CONNECTION_POOL);
    assertThat(
            stack(
                    "java.lang.Object.wait0",
                    "java.lang.Object.wait:366",
                    "org.example.HomeMadePool.borrowObject:30",
                    "com.acme.Orders.load:12")
                .kind(false))
        .isEqualTo(WaitKind.CONNECTION_POOL);
  }

  @Test
  void aPoolThatOpensAConnectionWaitsForTheSocket() {
    assertThat(
            stack(
                    "sun.nio.ch.Net.poll",
                    "sun.nio.ch.NioSocketImpl.park:191",
                    "org.postgresql.core.PGStream.receive:10",
                    "com.zaxxer.hikari.pool.HikariPool.getConnection:162")
                .kind(false))
        .isEqualTo(WaitKind.SOCKET);
  }

  @Test
  void otherWaitsAreForASignal() {
    assertThat(
            stack(
                    "jdk.internal.misc.Unsafe.park",
                    "java.util.concurrent.locks.LockSupport.park:221",
                    "java.util.concurrent.CountDownLatch.await:230",
                    "com.acme.Orders.load:12")
                .kind(false))
        .isEqualTo(WaitKind.SIGNAL);
  }

  @Test
  void thePlaceIsTheFirstFrameThatIsNotTheJdks() {
    assertThat(
            stack(
                    "jdk.internal.misc.Unsafe.park",
                    "java.util.concurrent.locks.ReentrantLock.lock:322",
                    "com.acme.Parser.parse:42",
                    "com.acme.Main.run:7")
                .place())
        .isEqualTo("com.acme.Parser.parse(Parser.java:42)");
    assertThat(
            stack(
                    "sun.security.provider.NativePRNG$RandomIO.implNextBytes:530",
                    "sun.security.provider.NativePRNG.engineNextBytes:220",
                    "java.security.SecureRandom.nextBytes:758",
                    "java.util.UUID.randomUUID:148",
                    "com.acme.Ids.next:12",
                    "io.github.fornada.threads.Worker.run:100")
                .place())
        .isEqualTo(
            "java.util.UUID.randomUUID (in"
                + " sun.security.provider.NativePRNG$RandomIO.implNextBytes), called from"
                + " com.acme.Ids.next(Ids.java:12)");
  }

  @Test
  void aThreadOfAPoolThatWaitsForWorkIsIdle() {
    Stack idle =
        stack(
            "jdk.internal.misc.Unsafe.park",
            "java.util.concurrent.locks.LockSupport.park:221",
            "io.github.fornada.threads.LocalPool.next:300",
            "io.github.fornada.threads.Worker.runNext:150",
            "java.lang.Thread.run:1474");
    assertThat(idle.isIdle()).isTrue();
    assertThat(idle.place()).isNull();
    Stack busy =
        stack(
            "java.lang.Thread.sleep:509",
            "com.acme.Bolo.bake:4",
            "io.github.fornada.threads.Worker.runItem:250");
    assertThat(busy.isIdle()).isFalse();
    assertThat(busy.kind(false)).isEqualTo(WaitKind.SLEEP);
  }

  @Test
  void everyPackageOfTheLibraryIsItsOwn() throws Exception {
    Path classes = Path.of(Stack.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> packages;
    try (Stream<Path> all = Files.walk(classes)) {
      packages =
          all.filter(file -> file.toString().endsWith(".class"))
              .map(file -> classes.relativize(file).toString().replace(File.separatorChar, '.'))
              .filter(name -> name.startsWith("io.github."))
              .map(name -> name.substring(0, name.length() - ".class".length()))
              .toList();
    }
    assertThat(packages).isNotEmpty().allMatch(Stack::isOurs);
  }
}
