package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/**
 * The rules of Reactive Streams, one by one, by its own TCK: that is written for TestNG, whose
 * annotations are read here and run as tests of JUnit's.
 */
@SideBySide
@Execution(ExecutionMode.CONCURRENT)
final class FlowRulesTest {
  /** How long the TCK waits for what must come, in milliseconds. */
  private static final long MUST_COME = 5_000;

  /** How long it waits for what must not. */
  private static final long MUST_NOT_COME = 50;

  /** How often it looks for an error that must come. */
  private static final long BETWEEN_LOOKS = 50;

  private static TestEnvironment environment() {
    return new TestEnvironment(MUST_COME, MUST_NOT_COME, BETWEEN_LOOKS);
  }

  @TestFactory
  Stream<DynamicTest> aPublisherOfAnIterableKeepsTheRules() {
    return rules(IterableRules::new);
  }

  @TestFactory
  Stream<DynamicTest> aPublisherOfAChannelKeepsTheRules() {
    return rules(ChannelRules::new);
  }

  @TestFactory
  Stream<DynamicTest> theSubscriberBehindAStreamKeepsTheRules() {
    return rules(IntakeRules::new);
  }

  private static Stream<DynamicTest> rules(Supplier<?> suites) {
    Class<?> type = suites.get().getClass();
    List<Method> rules =
        Arrays.stream(type.getMethods())
            .filter(method -> method.isAnnotationPresent(Test.class))
            .sorted(Comparator.comparing(Method::getName))
            .toList();
    assertThat(rules.size()).as("rules found").isGreaterThan(20);
    return rules.stream()
        .map(rule -> DynamicTest.dynamicTest(rule.getName(), () -> check(rule, suites.get())));
  }

  private static void check(Method rule, Object suite) throws Throwable {
    invokeAll(BeforeClass.class, suite);
    invokeAll(BeforeMethod.class, suite);
    try {
      rule.invoke(suite);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof SkipException skipped) {
        Assumptions.abort(skipped.getMessage()); // a rule that does not concern it
      }
      throw e.getCause();
    } finally {
      invokeAll(AfterClass.class, suite);
    }
  }

  private static void invokeAll(Class<? extends Annotation> kind, Object suite)
      throws ReflectiveOperationException {
    for (Method method : suite.getClass().getMethods()) {
      if (method.isAnnotationPresent(kind)) {
        Object _ = method.invoke(suite);
      }
    }
  }

  private static <T> Flow.Publisher<T> failing() {
    return Bridges.publisher(() -> {
      throw new IllegalStateException("a source that fails");
    });
  }

  public static final class IterableRules extends FlowPublisherVerification<Long> {
    public IterableRules() {
      super(environment());
    }

    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
      return Bridges.publisher(() -> LongStream.range(0, elements).boxed().iterator());
    }

    @Override
    public Flow.Publisher<Long> createFailedFlowPublisher() {
      return failing();
    }
  }

  public static final class ChannelRules extends FlowPublisherVerification<Long> {
    private static final int MAX_ELEMENTS = 10_000;

    public ChannelRules() {
      super(environment());
    }

    @Override
    public long maxElementsFromPublisher() {
      return MAX_ELEMENTS;
    }

    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
      Channel<Long> channel = Channel.bounded(MAX_ELEMENTS);
      for (long i = 0; i < Math.min(elements, MAX_ELEMENTS); i++) {
        assertThat(channel.trySend(i)).isTrue();
      }
      channel.close();
      return Bridges.publisher(channel);
    }

    @Override
    public Flow.Publisher<Long> createFailedFlowPublisher() {
      Channel<Long> channel = Channel.bounded(1);
      assertThat(channel.closeWithError(new IllegalStateException("failed"))).isTrue();
      return Bridges.publisher(channel);
    }
  }

  public static final class IntakeRules extends FlowSubscriberBlackboxVerification<Long> {
    public IntakeRules() {
      super(environment());
    }

    @Override
    public Flow.Subscriber<Long> createFlowSubscriber() {
      return new BufferingSubscriber<>(4);
    }

    @Override
    public Long createElement(int element) {
      return (long) element;
    }
  }
}
