package io.github.fornada.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses are masters, and what is said of those that are not there. */
final class MastersTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark://host:7077",
        "spark://a:1,b:2",
        "yarn",
        "k8s://https://host",
        "local",
        "local[*]",
        "local-cluster[2,1,1024]"
      })
  void whatSparkSubmitTakesIsAMaster(String address) {
    assertThat(Masters.isMaster(address)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "spark://", "http://host", "threads", "local[", "yarn-cluster"})
  void anythingElseIsNone(String address) {
    assertThat(Masters.isMaster(address)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark://host", "spark://host:0", "spark://host:70000", "spark://:7077"})
  void aStandaloneMasterHasAHostAndAPort(String address) {
    assertThatThrownBy(() -> Masters.check(address))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a standalone master is spark://HOST:PORT, such as spark://host:7077, got " + address);
  }

  @Test
  void aMasterThatIsNotThereIsSaidAtOnce() throws IOException {
    int port;
    try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    assertThatThrownBy(() -> SparkPool.connect("spark://127.0.0.1:" + port))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("no Spark master answers at spark://127.0.0.1:" + port + " (");
  }

  @Test
  void oneOfSeveralMastersIsEnough() throws IOException {
    try (var open = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "spark://127.0.0.1:1,127.0.0.1:" + open.getLocalPort();
      assertThatCode(() -> Masters.check(address)).doesNotThrowAnyException();
    }
  }

  @Test
  void theDriverIsOnLoopbackOnlyIfTheMasterIs() {
    assertThat(Masters.isOnLoopback("spark://127.0.0.1:7077")).isTrue();
    assertThat(Masters.isOnLoopback("spark://localhost:7077")).isTrue();
    assertThat(Masters.isOnLoopback("spark://[::1]:7077")).isTrue();
    assertThat(Masters.isOnLoopback("spark://192.0.2.7:7077")).isFalse();
    assertThat(Masters.isOnLoopback("spark://127.0.0.1:7077,192.0.2.7:7077")).isFalse();
    assertThat(Masters.isOnLoopback("local[2]")).isFalse();
  }

  @Test
  void onlyALocalClusterIsStartedByTheProgramItself() {
    assertThat(Masters.startsItsOwn("local-cluster[2,1,1024]")).isTrue();
    assertThat(Masters.startsItsOwn("local[2]")).isFalse();
    assertThat(Masters.startsItsOwn("spark://host:7077")).isFalse();
  }
}
