package io.github.fornada.process;

import io.github.fornada.TaskPolicy;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A pool for other machines whose agents are in this JVM, so that no cluster is needed. */
public final class NearbyPool extends RemotePool {
  private static final long ANSWER_SECONDS = 60;

  final List<RemoteAgent> opened = new ArrayList<>();

  /** What it says when an agent asks for a way to shared bytes. */
  volatile Function<Path, byte[]> way = file -> new byte[0];

  private NearbyPool(int workers, ProcessOptions options, Duration silence, Duration startup) {
    super(workers, options, silence, startup);
  }

  static NearbyPool withoutAgents(int workers, ProcessOptions options, Duration silence) {
    return new NearbyPool(workers, options, silence, silence);
  }

  private static NearbyPool withPolicy(
      int workers, ProcessOptions options, UnaryOperator<TaskPolicy> policy) {
    Duration limit = Duration.ofSeconds(60);
    return withoutAgents(workers, options.withPolicy(policy.apply(options.policy())), limit);
  }

  /** Opens a pool whose workers are shared by {@code agents} agents. */
  public static NearbyPool open(int workers, int agents, UnaryOperator<TaskPolicy> policy) {
    NearbyPool pool = withPolicy(workers, ProcessOptions.defaults().withHeap("64m"), policy);
    for (int i = 0; i < agents; i++) {
      var _ = pool.agent("agent-" + i, (workers + i) / agents, pool::ask);
    }
    return pool;
  }

  RemoteAgent agent(String name, int workers, RemoteAgent.Channel channel) {
    return agent(name, workers, channel, o -> o);
  }

  RemoteAgent agent(
      String name, int workers, RemoteAgent.Channel channel, UnaryOperator<ProcessOptions> change) {
    try {
      return kept(RemoteAgent.open(channel, name, workers, change), workers);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private RemoteAgent kept(RemoteAgent agent, int workers) {
    agent.use(workers);
    opened.add(agent);
    return agent;
  }

  /** Opens a pool whose items run in threads of this JVM, for two agents. */
  public static NearbyPool openInside(int workers, UnaryOperator<TaskPolicy> policy) {
    NearbyPool pool = withPolicy(workers, ProcessOptions.defaults(), policy);
    int agents = Math.min(2, workers);
    for (int i = 0; i < agents; i++) {
      var _ = pool.agentInside("agent-" + i, (workers + i) / agents, pool::ask);
    }
    return pool;
  }

  RemoteAgent agentInside(String name, int workers, RemoteAgent.Channel channel) {
    try {
      return kept(
          RemoteAgent.openInside(
              channel,
              name,
              policy ->
                  ThreadPool.open(
                      o -> o.withWorkers(workers).withName("thread").withPolicy(policy))),
          workers);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  byte[] ask(byte[] question) throws IOException, InterruptedException {
    var answer = new CompletableFuture<byte[]>();
    serve(question, answer::complete);
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(e);
    }
  }

  @Override
  protected byte[] wayTo(Path file) {
    return way.apply(file);
  }

  @Override
  protected void end() {}
}
