package io.github.fornada.scenarios.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ExecutionModel;
import io.github.fornada.scenarios.database.DatabaseScenario.Transfers;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.OtherSide;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.WrongResultException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseScenarioTest {
  @TempDir Path folder;

  private String h2() {
    return "jdbc:h2:file:" + folder.resolve("bank");
  }

  private static Transfers onH2(String url) throws Exception {
    return new Transfers("H2", url, 20, Map.of(ExecutionModel.PROCESSES, "a reason"));
  }

  @Test
  void balancesAreTheSameUnderEveryModelOnPostgres() throws Exception {
    try (OtherSide server =
        OtherSide.start(PostgresServer.class, "256m", List.of(folder.toString()))) {
      String url = server.ready();
      try {
        Planted.run(new Transfers("PostgreSQL", url, 30, Map.of()));
        Finding lost = LostUpdates.find(url, 40);
        assertThat(lost.lines()).hasSize(3);
      } finally {
        Bank.close(url);
      }
    }
  }

  @Test
  void balancesAreTheSameUnderEveryModelOnH2() throws Exception {
    String url = h2();
    try {
      Planted.run(onH2(url));
    } finally {
      Bank.close(url);
    }
  }

  @Test
  void aTransferThatWasMadeTwiceOrHalfIsFound() throws Exception {
    Transfers.verify(List.of(999_990L, 1_000_010L), List.of(2_000_000L, 1L), 1);
    assertThatThrownBy(
            () -> Transfers.verify(List.of(999_990L, 1_000_010L), List.of(2_000_000L, 2L), 1))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("2 transfers");
    assertThatThrownBy(
            () -> Transfers.verify(List.of(999_990L, 1_000_000L), List.of(1_999_990L, 1L), 1))
        .isInstanceOf(WrongResultException.class);
  }

  @Test
  void moneyOnAnotherAccountIsFound() throws Exception {
    String url = h2();
    try {
      Transfers trial = onH2(url);
      List<Long> right = trial.sequential();
      var wrong = new ArrayList<>(right);
      wrong.set(0, right.get(0) + 1);
      wrong.set(1, right.get(1) - 1);
      Planted.isFound(trial, right, wrong);
    } finally {
      Bank.close(url);
    }
  }

  @Test
  void aTransferThatFailsChangesNothing() throws Exception {
    String url = h2();
    try {
      onH2(url);
      assertThatThrownBy(() -> Bank.transfer(new Bank.Transfer(url, 1, 5, 9_999, 10)))
          .hasMessageContaining("there is no account 9999");
      assertThat(Bank.balances(url)).containsOnly(1_000_000L);
      assertThat(Bank.counts(url).getLast()).isZero();
    } finally {
      Bank.close(url);
    }
  }
}
