package io.github.fornada.spark;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpoint;
import org.apache.spark.rpc.RpcEnv;
import scala.Function1;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Receives the questions of agents over Spark's own channel between executors and the driver.
 * Unlike a plugin's, its answers may come later, from any thread, so agents can wait for work.
 */
final class Endpoint implements RpcEndpoint {
  private final RpcEnv rpcEnv;
  private final BiConsumer<byte[], Consumer<byte[]>> serve;

  Endpoint(RpcEnv rpcEnv, BiConsumer<byte[], Consumer<byte[]>> serve) {
    this.rpcEnv = rpcEnv;
    this.serve = serve;
  }

  @Override
  public RpcEnv rpcEnv() {
    return rpcEnv;
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext context) {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(Object message) {
        return message instanceof byte[];
      }

      @Override
      @SuppressWarnings("unchecked") // B is what every reaction to a message returns
      public <A, B> B applyOrElse(A message, Function1<A, B> otherwise) {
        if (!(message instanceof byte[] question)) {
          return otherwise.apply(message);
        }
        serve.accept(question, context::reply);
        return (B) BoxedUnit.UNIT;
      }
    };
  }
}
