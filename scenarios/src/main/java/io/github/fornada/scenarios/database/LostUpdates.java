package io.github.fornada.scenarios.database;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.threads.ThreadPool;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** The lost update in a database, and its two cures. */
final class LostUpdates {
  private static final String SERIALIZATION_FAILURE = "40001";

  private final String url;
  private final int times;
  private final AtomicInteger retries = new AtomicInteger();

  private LostUpdates(String url, int times) {
    this.url = url;
    this.times = times;
  }

  /** One addition. */
  private interface Update {
    void add() throws SQLException;
  }

  /**
   * Adds 1 to one account so many times, on four threads, in each of three ways.
   *
   * @throws WrongResultException if a cure does not cure
   */
  static Finding find(String url, int times) throws Exception {
    var updates = new LostUpdates(url, times);
    long read = updates.lost(updates::readAndWrite);
    long relative = updates.lost(updates::relative);
    long serializable = updates.lost(updates::serializable);
    WrongResultException.unless(
        relative == 0 && serializable == 0,
        "updates are lost in spite of the cures: " + relative + " and " + serializable);
    return Finding.of(
        "Updates lost of " + times + " to one account, on 4 threads",
        Words.format("%-46s %5d", "read, then write what was read + 1", read),
        Words.format("%-46s %5d", "set balance = balance + 1", relative),
        Words.format(
            "%-46s %5d  (%d retries after 40001)",
            "serializable, tried again", serializable, updates.retries.get()));
  }

  private long lost(Update update) throws Exception {
    Bank.reset(url);
    long before = Bank.balances(url).getFirst();
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(4))) {
      var _ =
          pool.map(
              IntStream.range(0, times).boxed().toList(),
              i -> {
                update.add();
                return i;
              });
    }
    return before + times - Bank.balances(url).getFirst();
  }

  private void readAndWrite() throws SQLException {
    try (Connection connection = Bank.pool(url).getConnection()) {
      addByReading(connection);
      connection.commit();
    }
  }

  private static void addByReading(Connection connection) throws SQLException {
    long balance;
    try (PreparedStatement select =
            connection.prepareStatement("select balance from fornada_account where id = 0");
        ResultSet row = select.executeQuery()) {
      if (!row.next()) {
        throw new SQLException("there is no account 0");
      }
      balance = row.getLong(1);
    }
    try (PreparedStatement update =
        connection.prepareStatement("update fornada_account set balance = ? where id = 0")) {
      update.setLong(1, balance + 1);
      update.executeUpdate();
    }
  }

  private void relative() throws SQLException {
    try (Connection connection = Bank.pool(url).getConnection();
        PreparedStatement update =
            connection.prepareStatement(
                "update fornada_account set balance = balance + 1 where id = 0")) {
      update.executeUpdate();
      connection.commit();
    }
  }

  private void serializable() throws SQLException {
    while (true) {
      try (Connection connection = Bank.pool(url).getConnection()) {
        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        try {
          addByReading(connection);
          connection.commit();
          return;
        } catch (SQLException e) {
          connection.rollback();
          if (!SERIALIZATION_FAILURE.equals(e.getSQLState())) {
            throw e;
          }
          retries.incrementAndGet(); // another was first: read anew
        }
      }
    }
  }
}
