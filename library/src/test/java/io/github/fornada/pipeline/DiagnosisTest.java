package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

final class DiagnosisTest {
  /** A stage at {@code rate} items a second of {@code millis} each. */
  private static StageSummary stage(
      String name, int size, double rate, double millis, double forRoom, double cores) {
    return stage(name, "threads", size, rate, millis, forRoom, cores);
  }

  private static StageSummary stage(
      String name,
      String model,
      int size,
      double rate,
      double millis,
      double forRoom,
      double cores) {
    return stage(name, model, size, rate, millis, forRoom, cores, StageSummary.PerItem.ONE);
  }

  private static StageSummary stage(
      String name, int size, double rate, double millis, double forRoom, StageSummary.PerItem per) {
    return stage(name, "threads", size, rate, millis, forRoom, 0, per);
  }

  private static StageSummary stage(
      String name,
      String model,
      int size,
      double rate,
      double millis,
      double forRoom,
      double cores,
      StageSummary.PerItem perItem) {
    double busy = Math.min(1, rate * millis / 1000 / size);
    return new StageSummary(
        name,
        model,
        new StageSummary.Counts(size, 0, 0, 1000, 1000, 0, 0, perItem),
        new StageSummary.Times(
            rate,
            new StageFigures.IdleParts(forRoom, 0, 0),
            cores,
            new StageFigures.Reading(
                millis * 1e6, 0.01, 500, busy, StageFigures.Restarts.NONE, List.of())),
        new StageSummary.Depth(0, 16, 16),
        () -> List.of());
  }

  @Test
  void namesTheBusiestStageAndWhatOneMoreWorkerGives() {
    var found =
        Diagnosis.of(
            List.of(
                stage("fetch", 50, 199, 20, 1, -1),
                stage("parse", 2, 199, 10, 0, 2),
                stage("store", 4, 199, 1, 0, 0.2)),
            6);
    assertThat(found.kind()).isEqualTo(Diagnosis.Kind.STAGE);
    assertThat(found.busiest().name()).isEqualTo("parse");
    assertThat(found.promised()).isCloseTo(300, within(1.0));
    assertThat(found.text())
        .contains("an item takes 10.0 ms, so its 2 workers run at most 200/s")
        .contains("One more worker would give 300/s; beyond that \"fetch\" is next, at 2,500/s.");
  }

  @Test
  void theSourceOrTheConsumerIsNamedWhereTheBusiestStageOftenWaitsForIt() {
    for (double rate : new double[] {98, 122, 162, 190, 210}) { // of 250 that it could run
      var source = Diagnosis.of(List.of(stage("work", 1, rate, 4, 0, 0)), 1);
      assertThat(source.kind()).as("%s/s", rate).isEqualTo(Diagnosis.Kind.SOURCE);
      var consumer = Diagnosis.of(List.of(stage("work", 1, rate, 4, 1, 0)), 1);
      assertThat(consumer.kind()).as("%s/s", rate).isEqualTo(Diagnosis.Kind.CONSUMER);
    }
    var behind = Diagnosis.of(List.of(stage("a", 1, 162, 1, 0, 0), stage("b", 1, 162, 4, 0, 0)), 1);
    assertThat(behind.kind()).isEqualTo(Diagnosis.Kind.SOURCE);
  }

  @Test
  void aSequentialStageIsNotToldToHaveOneMoreWorker() {
    var found = Diagnosis.of(List.of(stage("parse", "sequential", 1, 99, 10, 0, 0)), 8);
    assertThat(found.text())
        .doesNotContainIgnoringCase("one more worker")
        .contains(
            "It is sequential, which is one worker: two, of threads or of processes, would give"
                + " 200/s.");
  }

  @Test
  void thePromiseIsNoMoreThanTheNextStageCanTake() {
    var found = Diagnosis.of(List.of(stage("a", 1, 99, 10, 0, 0), stage("b", 1, 99, 9, 0, 0)), 8);
    assertThat(found.busiest().name()).isEqualTo("a");
    assertThat(found.promised()).isCloseTo(111, within(1.0));
    assertThat(found.text()).contains("because then \"b\" holds it up");
  }

  @Test
  void aStageThatFillsQueuesIsAsFastAsItsItemsAre() {
    // It has filled the queues at 162/s: busy for 76 % of a time in which the others ran less.
    var filling = stage("load", 1, 162, 4.7, 1, 0);
    var found = Diagnosis.of(List.of(filling, stage("store", 1, 73, 13.6, 0, 0)), 2);
    assertThat(found.busiest().name()).isEqualTo("store");
    assertThat(found.promised()).isCloseTo(147, within(1.0));

    // It had room for all its items, so it was never idle.
    var done = stage("load", 2, 132, 15.2, 1, 0);
    found = Diagnosis.of(List.of(done, stage("store", 1, 68, 14.6, 0, 0)), 2);
    assertThat(found.busiest().name()).isEqualTo("store");
    assertThat(found.promised()).isCloseTo(132, within(1.0));
    assertThat(found.text()).contains("because then \"load\" holds it up");
  }

  @Test
  void loadsAreThoseOfOneFlow() {
    var filling = stage("load", 1, 162, 4.7, 1, 0);
    double[] loads = Diagnosis.loads(List.of(filling, stage("store", 1, 73, 13.6, 0, 0)));
    assertThat(loads[0]).as("73 of 213 items a second").isCloseTo(0.34, within(0.01));
    assertThat(loads[1]).isCloseTo(0.99, within(0.01));
  }

  @Test
  void howManyItemsComeToAStageCounts() {
    var tenth = new StageSummary.PerItem(0.1, 1);
    var filter = stage("filter", 1, 100, 2, 1, tenth);
    var store = stage("store", 1, 10, 99, 0, StageSummary.PerItem.ONE);
    var found = Diagnosis.of(List.of(filter, store), 2);
    assertThat(found.busiest().name()).isEqualTo("store");
    assertThat(found.promised())
        .as("half of what the filter lets through")
        .isCloseTo(20, within(1.0));

    var twice =
        stage("call", 1, 200, 5, 0, new StageSummary.PerItem(1, 2)); // every item is retried
    found = Diagnosis.of(List.of(twice, stage("store", 1, 100, 8, 0, StageSummary.PerItem.ONE)), 2);
    assertThat(found.busiest().name()).isEqualTo("call");
    assertThat(found.promised()).as("what \"store\" allows").isCloseTo(125, within(1.0));
    assertThat(found.text())
        .contains(
            "an item takes 5.0 ms in each of its 2 runs, so its one worker runs at most 100/s");
  }

  @Test
  void itemsThatComputeOnManyVirtualThreadsGetNoMoreThanTheProcessors() {
    int processors = Runtime.getRuntime().availableProcessors();
    double rate = processors * 10.0;
    var quick = stage("read", "virtual", 1000, 600, 0.01, 0, -1);
    var computes = stage("parse", "virtual", 1000, rate, 100, 0, -1);
    var found = Diagnosis.of(List.of(quick, computes), 0);
    assertThat(found.busiest()).isSameAs(computes);
    assertThat(found.promised()).isCloseTo(rate, within(0.1));
    assertThat(found.text())
        .startsWith("\"parse\" holds the pipeline up: an item computes for 100.0 ms, and ")
        .contains("/s, however many workers it has.");

    var idle = Diagnosis.of(List.of(quick, computes), processors - 0.1);
    assertThat(idle.text()).as("they wait, and processors are free").doesNotContain("however many");
  }

  @Test
  void thePromiseIsNoMoreThanTheProcessorsAllow() {
    var half = Diagnosis.of(List.of(stage("a", 2, 199, 10, 0, 2)), 0.5);
    assertThat(half.promised()).isCloseTo(249, within(1.0));
    assertThat(half.text()).contains("and then all processors are in use");
    var none = Diagnosis.of(List.of(stage("a", 2, 199, 10, 0, 2)), 0);
    assertThat(none.text()).contains("All processors are in use");
  }

  @Test
  void oneMoreOfManyWorkersGivesItsSmallPart() {
    var found = Diagnosis.of(List.of(stage("fetch", 100, 1990, 50, 0, 0)), 2);
    assertThat(found.promised()).isCloseTo(2020, within(1.0));
    assertThat(found.text()).contains("One more worker would give 2,020/s.");
    found = Diagnosis.of(List.of(stage("fetch", 100, 1990, 50, 0, 0), quick()), 2);
    assertThat(found.text())
        .contains(
            "One more worker would give 2,020/s; beyond that \"store\" is next, at 40,000/s.");
  }

  private static StageSummary quick() {
    return stage("store", 4, 1990, 0.1, 0, 0);
  }

  @Test
  void tinyItemsShouldGoInBatches() {
    var found =
        Diagnosis.of(
            List.of(stage("a", 1, 1e6, 0.0001, 0.7, 0), stage("b", 1, 1e6, 0.0002, 0.1, 0)), 1);
    assertThat(found.kind()).isEqualTo(Diagnosis.Kind.NOTHING);
    assertThat(found.text()).contains("200 ns").contains("with batches");
  }

  @Test
  void aSlowSourceOrConsumerIsNoStage() {
    assertThat(Diagnosis.of(List.of(stage("a", 4, 100, 1, 0, 0)), 8).kind())
        .isEqualTo(Diagnosis.Kind.SOURCE);
    assertThat(Diagnosis.of(List.of(stage("a", 4, 100, 1, 1, 0)), 8).kind())
        .isEqualTo(Diagnosis.Kind.CONSUMER);
    assertThat(Diagnosis.of(List.of(), 8).kind()).isEqualTo(Diagnosis.Kind.NOTHING);
  }

  @Test
  void aSourceThatIsUsedUpIsNotSlow() {
    var found = Diagnosis.of(List.of(idle("a", 8, 0, 1)), 8);
    assertThat(found.kind()).isEqualTo(Diagnosis.Kind.NOTHING);
    assertThat(found.text())
        .isEqualTo(
            "No stage holds the pipeline up: the source has given all that it had, and 3 items do"
                + " not keep the 8 workers of \"a\" busy.");
    var slow = Diagnosis.of(List.of(idle("a", 8, 0, 0.25)), 8);
    assertThat(slow.kind()).as("it was slow before").isEqualTo(Diagnosis.Kind.SOURCE);
    assertThat(slow.text()).contains("waits for input 60 % of the time, and");
  }

  /** A stage of which a fifth is busy with three items. */
  private static StageSummary idle(String name, int size, double forRoom, double atEnd) {
    return new StageSummary(
        name,
        "threads",
        new StageSummary.Counts(size, 0, 0, 3, 3, 0, 0, StageSummary.PerItem.ONE),
        new StageSummary.Times(
            10,
            new StageFigures.IdleParts(forRoom, 0, atEnd),
            -1,
            new StageFigures.Reading(1e8, 0.01, 500, 0.2, StageFigures.Restarts.NONE, List.of())),
        new StageSummary.Depth(0, 16, 3),
        () -> List.of());
  }

  /** A stage that waits for room for most of the time, behind an item that comes before. */
  private static StageSummary outOfTurn(String name, double busy, double forTurn) {
    return new StageSummary(
        name,
        "threads",
        new StageSummary.Counts(4, 0, 0, 1000, 1000, 0, 0, StageSummary.PerItem.ONE),
        new StageSummary.Times(
            1000,
            new StageFigures.IdleParts(0.9, forTurn, 0),
            -1,
            new StageFigures.Reading(3e5, 0.01, 500, busy, StageFigures.Restarts.NONE, List.of())),
        new StageSummary.Depth(0, 16, 16),
        () -> List.of());
  }

  @Test
  void theOrderIsNamedWhereItemsFillTheQueueBehindALongOne() {
    var next = stage("store", 1, 1000, 0.4, 0, -1); // busier than those that wait
    var held = Diagnosis.of(List.of(outOfTurn("parse", 0.3, 0.8), next), 4);
    assertThat(held.text()).startsWith("The order of \"parse\" holds the pipeline up");
    assertThat(held.text()).contains("its 4 workers wait for room 63 % of the time");
    assertThat(held.promised()).as("with one more worker").isEqualTo(held.busiest().rate());

    var last = Diagnosis.of(List.of(outOfTurn("parse", 0.3, 0.8)), 4);
    assertThat(last.text()).as("not the consumer").startsWith("The order of \"parse\"");

    var consumer = Diagnosis.of(List.of(outOfTurn("parse", 0.3, 0.1)), 4);
    assertThat(consumer.kind()).isEqualTo(Diagnosis.Kind.CONSUMER);
    assertThat(consumer.text()).contains("waits for room 56 % of the time");
  }

  private static StageSummary measured(long items, double error, int starting, double rate) {
    return new StageSummary(
        "parse",
        "processes",
        new StageSummary.Counts(2, starting, 0, 1000, 1000, 0, 0, StageSummary.PerItem.ONE),
        new StageSummary.Times(
            rate,
            StageFigures.IdleParts.NONE,
            2,
            new StageFigures.Reading(
                10e6, error, items, 0.99, StageFigures.Restarts.NONE, List.of())),
        new StageSummary.Depth(0, 16, 16),
        () -> List.of());
  }

  @Test
  void saysWhatItRestsOnWhereThatIsLittle() {
    assertThat(Diagnosis.of(List.of(measured(500, 0.01, 0, 199)), 6).doubt()).isEmpty();
    assertThat(Diagnosis.of(List.of(measured(0, 0.01, 0, 199)), 6).text())
        .endsWith(
            "This rests on the first item of each worker of \"parse\" alone, and later ones may be"
                + " faster.");
    assertThat(Diagnosis.of(List.of(measured(9, 0.01, 0, 199)), 6).text())
        .endsWith("This rests on only 9 items of \"parse\".");
    assertThat(Diagnosis.of(List.of(measured(500, 0.3, 0, 199)), 6).text())
        .endsWith("differ much: their mean may be off by 30 %.");
    assertThat(Diagnosis.of(List.of(measured(500, 0.01, 1, 199)), 6).text())
        .endsWith("This may change: 1 of 2 workers of \"parse\" have started.");
    var begun = stage("store", 4, 0, 0, 0, -1);
    assertThat(Diagnosis.of(List.of(measured(500, 0.01, 0, 199), begun), 6).text())
        .endsWith("This may change: no item of \"store\" has ended yet.");
  }

  /** Two workers that run items for 10 ms each, and start anew for as long. */
  private static StageSummary restarting(long measured) {
    return new StageSummary(
        "parse",
        "processes",
        new StageSummary.Counts(2, 0, 40, 1000, 1000, 0, 0, StageSummary.PerItem.ONE),
        new StageSummary.Times(
            100,
            StageFigures.IdleParts.NONE,
            0.1,
            new StageFigures.Reading(
                10e6, 0.15, 500, 0.5, new StageFigures.Restarts(measured, 10e6, 0.5), List.of())),
        new StageSummary.Depth(0, 16, 16),
        () -> List.of());
  }

  @Test
  void whatItTakesToReplaceWorkersBelongsToWhatAnItemTakes() {
    var found = Diagnosis.of(List.of(restarting(20), stage("store", 1, 100, 9, 0, 0)), 8);
    assertThat(found.busiest().name()).isEqualTo("parse");
    assertThat(found.busiest().waitsForInput()).isZero();
    assertThat(found.promised()).isCloseTo(111, within(1.0)); // as much as the next can take
    assertThat(found.doubt()).isEmpty();
    var alone = Diagnosis.of(List.of(restarting(20)), 8);
    assertThat(alone.promised()).isCloseTo(150, within(1.0));
    assertThat(alone.text())
        .contains(
            "an item takes 10.0 ms and 10.0 ms more because workers start anew, so its 2 workers"
                + " run at most 100/s. One more worker would give 150/s");
    assertThat(Diagnosis.of(List.of(restarting(4)), 8).text())
        .endsWith("This rests on only 4 restarts of workers of \"parse\".");
  }
}
