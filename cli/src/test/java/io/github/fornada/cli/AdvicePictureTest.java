package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Cause;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.timeline.Timeline;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the page of an advice says of the models. */
class AdvicePictureTest {
  private static String page(String ruledOut) throws IOException {
    var prediction =
        new Prediction(new Setting(ExecutionModel.PROCESSES, 2), 1, 1, 1, 1, 0, ruledOut);
    var finding =
        new Finding(
            Setting.SEQUENTIAL,
            Setting.SEQUENTIAL,
            Cause.COMPUTES,
            List.of("The items compute."),
            List.of(prediction),
            0.5,
            "",
            new Finding.Walls(1, 0, 0, 2, Double.POSITIVE_INFINITY),
            List.of(),
            List.of(),
            0,
            0,
            0);
    var page = new StringBuilder();
    AdvicePicture.page("task", finding, new Timeline("auto")).writeTo(page);
    return page.toString();
  }

  @Test
  void aModelThatWasNotExaminedIsNotKnownRatherThanImpossible() throws IOException {
    assertThat(page(Job.NOT_EXAMINED)).contains("not known").doesNotContain("not possible");
    assertThat(page("it has a socket")).contains("not possible").doesNotContain("not known");
  }
}
