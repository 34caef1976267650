package io.github.fornada.shared.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.DeathCertificate;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The spaces of some processes of one pool, all in this one. */
@SideBySide
class SpaceTest {
  private static final DeathCertificate CERTIFICATE =
      DeathCertificate.of("worker-1", 7, 3, "exited with code 3");

  @TempDir Path folder;
  private final List<String> told = new CopyOnWriteArrayList<>();
  private Space parent;
  private Space dies;
  private Space lives;

  @BeforeEach
  void open() {
    parent =
        Space.ofParent(
            folder,
            new Space.Host() {
              @Override
              public void freed(String file) {
                told.add(file);
              }

              @Override
              public void restore() {}
            });
    dies = Space.ofWorker(folder, 1, Space.NOBODY);
    lives = Space.ofWorker(folder, 2, Space.NOBODY);
  }

  @AfterEach
  void end() {
    List.of(parent, dies, lives).forEach(Space::end);
  }

  private static Region lockOf(Space space) {
    var shape = new Region.Shape(1, 0, 0, Region.ClaimedBy.NUMBER, 0);
    return space.create(ObjectKind.LOCK, 0, "a lock", shape, region -> {});
  }

  /** Makes a file one that cannot be opened, as none can without descriptors. */
  private Path hide(Path file) throws IOException {
    Path aside = folder.resolve("aside");
    Files.move(file, aside);
    Files.createDirectory(file);
    return aside;
  }

  private void show(Path file, Path aside) throws IOException {
    Files.delete(file);
    Files.move(aside, file);
  }

  private void acquiredAsTheLockOfTheDead(Region lock) {
    var mutex = new Mutex(lives.region(lock.name(), lock.byteSize()), 1);
    Waiting.until("it is taken back", () -> mutex.tryAcquire() == dies.bell().id());
    mutex.release();
  }

  @Test
  void whatADeadProcessHeldIsTakenBackAsSoonAsItsFileCanBeOpened() throws Exception {
    Region lock = lockOf(dies);
    assertThat(new Mutex(lock, 1).tryAcquire()).isZero();
    int seat = dies.bell().seat();
    Path file = folder.resolve(lock.name());
    Path aside = hide(file);
    assertThat(parent.workerIsGone(1, CERTIFICATE, false)).isEqualTo(CERTIFICATE);
    assertThat(parent.bell().idOf(seat)).as("whose seat it is").isEqualTo(dies.bell().id());
    show(file, aside);
    acquiredAsTheLockOfTheDead(lock);
    Waiting.until("its seat is free", () -> parent.bell().idOf(seat) == 0);
  }

  @Test
  void whatADeadProcessHeldIsTakenBackThoughItsSeatCannotBeLookedUp() throws Exception {
    Region lock = lockOf(dies);
    assertThat(new Mutex(lock, 1).tryAcquire()).isZero();
    int seat = dies.bell().seat();
    Path seats = folder.resolve(SocketBell.SEAT_FILE);
    Path aside = hide(seats);
    assertThat(parent.workerIsGone(1, CERTIFICATE, false)).isEqualTo(CERTIFICATE);
    show(seats, aside);
    acquiredAsTheLockOfTheDead(lock);
    Waiting.until("its seat is free", () -> parent.bell().idOf(seat) == 0);
  }

  @Test
  void anObjectIsFreedThoughItsFileCannotBeOpened() throws Exception {
    Region lock = lockOf(parent); // not mapped in this process
    Path file = folder.resolve(lock.name());
    Files.delete(file);
    Files.createDirectory(
        file); // which cannot be opened as a file, as none can without descriptors
    parent.free(lock);
    assertThat(file).doesNotExist();
    assertThat(told).containsExactly(file.toString());
  }
}
