package io.github.fornada.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Checks which package may use which, as in ARCHITECTURE.md. */
final class ArchitectureTest {
  private static final String ROOT = "io.github.fornada";

  /**
   * Each package with the packages it may use in addition to {@code io.github.fornada}. Enter a new
   * package here.
   */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry(
              "advice.sense",
              Set.of("advice.decide", "jvm", "threads", "process", "process.payload")),
          Map.entry("jvm", Set.of()),
          Map.entry("spi", Set.of("jvm", "shared.memory")),
          Map.entry("shared.memory", Set.of("jvm")),
          Map.entry(
              "shared", Set.of("spi", "jvm", "process.wire", "process.payload", "shared.memory")),
          Map.entry("elastic", Set.of("spi", "jvm")),
          Map.entry("threads", Set.of("spi", "jvm", "elastic")),
          Map.entry("advice.decide", Set.of()),
          Map.entry(
              "advice",
              Set.of(
                  "spi", "jvm", "elastic", "threads", "process", "advice.decide", "advice.sense")),
          Map.entry("async", Set.of("spi", "jvm")),
          Map.entry("timeline", Set.of("jvm")),
          Map.entry("pipeline", Set.of("spi", "jvm", "threads", "process")),
          Map.entry("process.wire", Set.of("jvm")),
          Map.entry("process.host", Set.of("jvm", "process.wire")),
          Map.entry("process.payload", Set.of("spi", "jvm", "process.wire", "process.host")),
          Map.entry("process.launch", Set.of("jvm", "process.host")),
          Map.entry(
              "process.worker",
              Set.of(
                  "spi",
                  "jvm",
                  "process.wire",
                  "process.host",
                  "process.payload",
                  "shared.memory")),
          Map.entry(
              "process",
              Set.of(
                  "spi",
                  "jvm",
                  "elastic",
                  "process.wire",
                  "process.host",
                  "process.payload",
                  "process.launch",
                  "process.worker",
                  "shared.memory")));

  static final JavaClasses LIBRARY =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  private static String room(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }

  @Test
  void theClassesAreThere() {
    assertThat(LIBRARY.size()).as("an empty import would hold every rule").isGreaterThan(30);
  }

  @Test
  void everyRoomIsKnown() {
    Set<String> rooms =
        LIBRARY.stream()
            .map(ArchitectureTest::room)
            .filter(room -> !room.isEmpty())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(MAY_USE.keySet()).as("rooms, entered in this test").isEqualTo(rooms);
  }

  @Test
  void theFrontDoorUsesNothingOfOursButTheHiddenRoom() {
    noClasses()
        .that()
        .resideInAPackage(ROOT)
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + ".*..").and(not(resideInAPackage(ROOT + ".jvm"))))
        .check(LIBRARY);
  }

  @Test
  void theHiddenRoomUsesNothingOfOurs() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".jvm")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "..").and(not(resideInAPackage(ROOT + ".jvm"))))
        .check(LIBRARY);
  }

  /**
   * What a worker runs cannot reach the parent's side: its packages do not use package {@code
   * process}.
   */
  @Test
  void roomsUseOnlyTheRoomsTheyMay() {
    MAY_USE.forEach((room, allowed) -> {
      String[] forbidden =
          MAY_USE.keySet().stream()
              .filter(other -> !other.equals(room) && !allowed.contains(other))
              .map(other -> ROOT + "." + other)
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(ROOT + "." + room)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(forbidden)
          .check(LIBRARY);
    });
  }

  @Test
  void thereAreNoCycles() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(LIBRARY);
  }

  @Test
  void theLibraryUsesNothingButTheJdk() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(
                    ROOT + "..",
                    "java..",
                    "javax..",
                    "jdk..",
                    "com.sun.management..",
                    "org.jspecify..",
                    "")
                .or(nameMatching("sun\\.misc\\.Signal(Handler)?"))) // of jdk.unsupported
        .check(LIBRARY);
  }

  @Test
  void nobodyUsesUnsafe() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("sun.misc.Unsafe")
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage("jdk.internal..")
        .check(LIBRARY);
  }

  /** Else a thread keeps the thread-locals and the context loader of its starter. */
  @Test
  void theLibrarysDaemonThreadsAreMadeInOnePlace() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + ".jvm.OwnThreads")
        .should()
        .callMethod(Thread.class, "ofPlatform")
        .check(LIBRARY);
  }

  /**
   * Printing belongs to the command. Package {@code process} passes on what tasks print, and so
   * must use the standard streams.
   */
  @Test
  void theLibraryDoesNotPrint() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".process..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(LIBRARY);
    noClasses().should().callMethod(Throwable.class, "printStackTrace").check(LIBRARY);
  }

  /**
   * Only the main classes of the library's own processes may exit: that of a worker, and that of
   * the training program.
   */
  @Test
  void onlyTheMainsOfOwnProcessesExit() {
    noClasses()
        .that()
        .haveNameNotMatching(
            Pattern.quote(ROOT) + "\\.process\\.(worker\\.WorkerMain|AotTraining(\\$Exit)?)")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .check(LIBRARY);
  }

  @Test
  void noRoomIsCalledCoreOrCommon() {
    noClasses()
        .should()
        .resideInAnyPackage("..core..", "..common..", "..util..", "..utils..", "..internal..")
        .check(LIBRARY);
  }
}
