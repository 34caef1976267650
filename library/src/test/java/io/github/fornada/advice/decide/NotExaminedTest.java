package io.github.fornada.advice.decide;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.jvm.Paragraph;
import org.junit.jupiter.api.Test;

/** What nobody has looked at yet is unknown, and is not told as impossible. */
class NotExaminedTest {
  private static final String NOT_EXAMINED = "its classes were not examined yet";

  private static Finding finding(String threadDoubt, String processDoubt) {
    var job =
        new Series(s -> {
          s.cpu = 5;
          s.items = 100;
          s.threadDoubt = threadDoubt;
          s.processDoubt = processDoubt;
        });
    return job.run(0.6, 60_000).result();
  }

  @Test
  void modelsWhoseClassesWereNotExaminedAreNotKnownRatherThanImpossible() {
    Finding finding = finding(NOT_EXAMINED, NOT_EXAMINED);
    String text = FindingText.of(finding, Paragraph::append);
    assertThat(text.replace('\n', ' '))
        .contains("whether another model can be used is not known")
        .contains("Measure again, with more items or for longer.")
        .contains("processes  not known: " + NOT_EXAMINED)
        .doesNotContain("not possible", "cannot be used", "no other model", "were not used");
    assertThat(text.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(81));
    assertThat(finding.confidence()).isLessThanOrEqualTo(0.5);
  }

  @Test
  void whatWasFoundRulesOutThoughTheOtherIsNotKnownYet() {
    Finding finding = finding("Parser.FORMAT is a static SimpleDateFormat", NOT_EXAMINED);
    assertThat(FindingText.of(finding, Paragraph::append).replace('\n', ' '))
        .contains("Threads were not used: Parser.FORMAT is a static SimpleDateFormat.")
        .contains("threads    not possible: Parser.FORMAT")
        .contains("processes  not known: " + NOT_EXAMINED);
    assertThat(finding.confidence()).isLessThanOrEqualTo(0.5);
  }

  @Test
  void whatWasExaminedIsAsSureAsBefore() {
    Finding finding = finding("Parser.FORMAT is a static SimpleDateFormat", "it has a socket");
    assertThat(FindingText.of(finding, Paragraph::append).replace('\n', ' '))
        .contains("no other model can be used")
        .contains("Worker processes cannot be used: it has a socket.")
        .contains("How sure: 100 %");
  }
}
