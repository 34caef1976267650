package io.github.fornada.advice.decide;

/**
 * Holds a setting, and says when it is time to look at it, or to try some more or fewer in flight:
 * after each time for nothing, less often.
 */
final class Hold {
  private final Course course;
  private double began;
  private boolean isFirst;
  private double nextMore;
  private double morePause;
  private double nextFewer;
  private double fewerPause = 1;

  /** How long it takes until it is tried to let in more where nothing but chance ended that. */
  private double resumePause = 3;

  Hold(Course course) {
    this.course = course;
  }

  void workChanged() {
    resumePause = 3;
    nextMore = course.known.elapsed() + 3 * course.response();
    morePause = 3 * course.response();
  }

  /** Holds a number in flight from now on. */
  Decision enter(int size, String why) {
    course.phase = Course.Phase.HOLD;
    began = course.known.elapsed();
    isFirst = true;
    course.nextLook = firstLook();
    morePause = usualPause();
    nextMore =
        course.known.elapsed()
            + (course.isCrowded(1.2) ? morePause : resumePause * course.response());
    return course.change(new Setting(course.setting().model(), Math.max(1, size)), why);
  }

  /** Holds what an earlier run has found from the start: nothing is known to compare more with. */
  void begin() {
    course.phase = Course.Phase.HOLD;
    isFirst = true;
    morePause = Course.USUAL_LOOK;
    nextMore = Course.USUAL_LOOK;
  }

  private double firstLook() {
    return began + Math.max(2 * course.response(), 30e6);
  }

  private double usualPause() {
    return Math.max(10 * course.response(), Course.USUAL_LOOK);
  }

  /** Returns whether it is time to look; if so, the next time is later. */
  boolean isTimeToLook() {
    if (isFirst) {
      // The first items may have taken far longer than those that come now.
      course.nextLook = Math.min(course.nextLook, firstLook());
    }
    if (course.known.elapsed() < course.nextLook || course.known.done() == 0) {
      return false;
    }
    isFirst = false;
    course.lookLater();
    return true;
  }

  boolean isTimeForMore() {
    return course.known.elapsed() >= nextMore;
  }

  boolean isTimeForFewer() {
    return course.known.elapsed() > nextFewer;
  }

  /** More are let in where that had ended by chance. */
  void resumes() {
    resumePause *= 3;
  }

  void moreHelped() {
    course.lookLater();
    morePause = usualPause();
    nextMore = course.known.elapsed();
  }

  void moreGaveNothing() {
    morePause *= 3;
    nextMore = course.known.elapsed() + morePause;
  }

  void fewerGaveLess() {
    fewerPause *= 3;
    nextFewer = course.known.elapsed() * fewerPause;
  }

  /** Goes back to what was before a trial that tells nothing, and looks at once. */
  Decision giveUpTrial(Baseline before) {
    course.phase = Course.Phase.HOLD;
    course.nextLook = 0;
    isFirst = false;
    moreGaveNothing();
    fewerGaveLess();
    // What it gave it gives no more, or the trial would not have taken so long.
    course.known.forget(before.setting);
    return course.change(before.setting, "it could not be told");
  }
}
