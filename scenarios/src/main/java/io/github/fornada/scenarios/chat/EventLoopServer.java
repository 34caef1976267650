package io.github.fornada.scenarios.chat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The same chat as an expert writes it with Netty: an event loop for each processor. */
final class EventLoopServer implements AutoCloseable {
  private static final long END_SECONDS = 10;

  private final MultiThreadIoEventLoopGroup loops;
  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final Room.All<ByteBuf> rooms = new Room.All<>();
  private final LongAdder read = new LongAdder();
  private final LongAdder written = new LongAdder();
  private final Duration grace;
  private final int port;
  private int joined; // guarded by this

  private EventLoopServer(Duration grace) throws InterruptedException {
    this.grace = grace;
    this.loops =
        new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(), NioIoHandler.newFactory());
    Channel listener =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, ThreadServer.BACKLOG)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_SNDBUF, ThreadServer.SEND_BUFFER)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(Connection.MOST_WAITING / 2, Connection.MOST_WAITING))
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    prepare(channel);
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sync()
            .channel();
    channels.add(listener);
    this.port = ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Opens a server on a port of the loopback interface. */
  static EventLoopServer open() throws InterruptedException {
    return new EventLoopServer(ThreadServer.GRACE);
  }

  /** Returns the port. */
  int port() {
    return port;
  }

  /** Returns how many messages members said. */
  long read() {
    return read.sum();
  }

  /** Returns how many messages were written to members. */
  long written() {
    return written.sum();
  }

  private void prepare(Channel channel) {
    WebSocketServerProtocolConfig config =
        WebSocketServerProtocolConfig.newBuilder()
            .websocketPath("/")
            .checkStartsWith(true)
            .forceCloseTimeoutMillis(grace.toMillis())
            .build();
    channel
        .pipeline()
        .addLast(new FlushConsolidationHandler(256, true))
        .addLast(new HttpServerCodec())
        .addLast(new HttpObjectAggregator(8 << 10))
        .addLast(new WebSocketServerProtocolHandler(config))
        .addLast(new WebSocketFrameAggregator(Connection.LONGEST))
        .addLast(new Member());
    channels.add(channel);
  }

  /** Waits for connections. */
  synchronized void await(int count, Duration limit) throws InterruptedException, TimeoutException {
    long until = System.nanoTime() + limit.toNanos();
    while (joined < count) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        throw new TimeoutException(joined + " of " + count + " connections came");
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  private synchronized void count() {
    joined++;
    notifyAll();
  }

  @Override
  public void close() {
    channels.close().awaitUninterruptibly(END_SECONDS, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, END_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** A member; its handler runs on the event loop of its channel alone. */
  private final class Member extends SimpleChannelInboundHandler<TextWebSocketFrame>
      implements Room.Member<ByteBuf> {
    private @Nullable Channel channel;
    private @Nullable Room<ByteBuf> room;
    private volatile boolean cut;

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
      if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete handshake) {
        channel = context.channel();
        Room<ByteBuf> entered = rooms.named(handshake.requestUri());
        room = entered;
        entered.join(this);
        count();
      }
      super.userEventTriggered(context, event);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, TextWebSocketFrame frame) {
      Room<ByteBuf> here = room;
      if (here == null) {
        return;
      }
      if (frame.text().equals(Room.QUIT)) {
        here.quit(this);
        return;
      }
      read.increment();
      here.say(frame.content());
    }

    @Override
    public void send(ByteBuf message) {
      Channel to = channel;
      if (to == null || cut) {
        return;
      }
      if (!to.isWritable() && to.isActive()) {
        cut = true;
        var _ = to.writeAndFlush(new CloseWebSocketFrame(Frames.POLICY, "read faster"));
        Room<ByteBuf> left = room;
        if (left != null) {
          left.leave(this);
        }
        return;
      }
      written.increment();
      // The bytes are the same for all. No void promise: one that comes behind a close frame fails,
      // and its failure would end the connection before that frame is out.
      var _ = to.writeAndFlush(new TextWebSocketFrame(message.retainedDuplicate()));
    }

    @Override
    public void end() {
      Channel to = channel;
      if (to != null && !cut) {
        // By its queue, even from its own loop: behind what other loops have put there before.
        to.eventLoop()
            .execute(() -> {
              var _ = to.writeAndFlush(new CloseWebSocketFrame(Frames.NORMAL, ""));
            });
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
      Room<ByteBuf> left = room;
      if (left != null) {
        left.leave(this);
      }
      super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var _ =
          context
              .close(); // a connection that was reset; the crowd tells if it should not have been
    }
  }
}
