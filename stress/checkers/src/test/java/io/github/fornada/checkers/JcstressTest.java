package io.github.fornada.checkers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;

/**
 * Runs every jcstress test of this module on this machine's processors. A class {@code Twin} within
 * a test is the same with a fault, which must be caught: a checker that finds no planted fault
 * proves nothing.
 */
class JcstressTest {
  @Test
  void nothingForbiddenIsSeenAndEveryTwinIsCaught() throws Exception {
    Path folder =
        Files.createDirectories(Path.of(System.getProperty("checkers.folder"), "jcstress"));
    Map<String, Seen> tests = new TreeMap<>();
    for (TestResult result : results(folder)) {
      tests.computeIfAbsent(result.getName(), _ -> new Seen()).add(result);
    }
    assertThat(tests.keySet()).filteredOn(name -> !isTwin(name)).isNotEmpty();
    tests.forEach((name, seen) -> {
      System.out.println(name + ": " + seen.counts);
      assertThat(seen.failures).as(name).isEmpty();
      if (isTwin(name)) {
        assertThat(seen.caught).as(name + " is caught, among " + seen.counts).isTrue();
      } else {
        assertThat(tests).as("each has a twin").containsKey(name + ".Twin");
      }
    });
  }

  private static boolean isTwin(String test) {
    return test.endsWith(".Twin");
  }

  private static final class Seen {
    final Map<String, Long> counts = new TreeMap<>();
    final List<String> failures = new ArrayList<>();
    boolean caught;

    void add(TestResult result) {
      for (GradingResult each : result.grading().gradingResults.values()) {
        counts.merge(each.id, each.count, Long::sum);
        caught |= each.expect == Expect.ACCEPTABLE_INTERESTING && each.count > 0;
      }
      failures.addAll(result.grading().failureMessages);
    }
  }

  private static Collection<TestResult> results(Path folder) throws Exception {
    // Without split compilation: all actors are interpreted, compiled by C1, or compiled by C2.
    // The last shows most of what the hardware does.
    var options =
        new Options(
            new String[] {
              "-r", folder.toString(), "-m", System.getProperty("checkers.mode"), "-sc", "false"
            });
    assertThat(options.parse()).isTrue();
    new JCStress(options).run();
    var all = new InProcessCollector();
    var reader = new DiskReadCollector(options.getResultFile(), all);
    reader.dump();
    reader.close();
    Files.delete(Path.of(options.getResultFile()));
    return all.getTestResults();
  }
}
