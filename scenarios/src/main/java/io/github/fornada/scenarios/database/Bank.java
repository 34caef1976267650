package io.github.fornada.scenarios.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/** Accounts in a database, and a pool of connections to it for each JVM. */
final class Bank {
  /** Connections of a JVM: two for each processor, but never fewer than four. */
  static final int CONNECTIONS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

  private static final ConcurrentHashMap<String, HikariDataSource> POOLS =
      new ConcurrentHashMap<>();
  private static final long FIRST_BALANCE = 1_000_000;

  private Bank() {}

  /**
   * Money from one account to another.
   *
   * @param url of the database
   * @param id of the transfer
   */
  record Transfer(String url, int id, int from, int to, int amount) {}

  /** Returns this JVM's pool of connections to the database. */
  static HikariDataSource pool(String url) {
    return POOLS.computeIfAbsent(
        url,
        u -> {
          var config = new HikariConfig();
          config.setJdbcUrl(u);
          config.setMaximumPoolSize(CONNECTIONS);
          config.setAutoCommit(false);
          // Guess: a run of the small size takes less; a waiter that waits longer is a fault.
          config.setConnectionTimeout(60_000);
          return new HikariDataSource(config);
        });
  }

  /** Closes this JVM's pool of connections to the database, if there is one. */
  static void close(String url) {
    HikariDataSource pool = POOLS.remove(url);
    if (pool != null) {
      pool.close();
    }
  }

  /** Creates the tables, with so many accounts. */
  static void create(String url, int accounts) throws SQLException {
    try (Connection connection = pool(url).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("drop table if exists fornada_transfer");
      statement.execute("drop table if exists fornada_account");
      statement.execute(
          "create table fornada_account (id int primary key, balance bigint not null)");
      statement.execute(
          "create table fornada_transfer (id int primary key, source int, target int, amount int)");
      try (PreparedStatement insert =
          connection.prepareStatement("insert into fornada_account values (?, ?)")) {
        for (int id = 0; id < accounts; id++) {
          insert.setInt(1, id);
          insert.setLong(2, FIRST_BALANCE);
          insert.addBatch();
        }
        insert.executeBatch();
      }
      connection.commit();
    }
  }

  /** Drops the tables: a database of the user's is left as it was. */
  static void drop(String url) throws SQLException {
    try (Connection connection = pool(url).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("drop table if exists fornada_transfer");
      statement.execute("drop table if exists fornada_account");
      connection.commit();
    }
  }

  /** Sets every account back, and forgets the transfers. */
  static void reset(String url) throws SQLException {
    try (Connection connection = pool(url).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("delete from fornada_transfer");
      statement.execute("update fornada_account set balance = " + FIRST_BALANCE);
      connection.commit();
    }
  }

  /** Makes one transfer in a transaction of its own. Returns its id. */
  static int transfer(Transfer transfer) throws SQLException {
    try (Connection connection = pool(transfer.url()).getConnection()) {
      try {
        // Always the lower account first: two transfers never wait for each other in a circle.
        boolean up = transfer.from() < transfer.to();
        int first = up ? transfer.from() : transfer.to();
        int second = up ? transfer.to() : transfer.from();
        int amount = up ? transfer.amount() : -transfer.amount();
        add(connection, first, -amount);
        add(connection, second, amount);
        try (PreparedStatement log =
            connection.prepareStatement("insert into fornada_transfer values (?, ?, ?, ?)")) {
          log.setInt(1, transfer.id());
          log.setInt(2, transfer.from());
          log.setInt(3, transfer.to());
          log.setInt(4, transfer.amount());
          log.executeUpdate();
        }
        connection.commit();
        return transfer.id();
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
  }

  private static void add(Connection connection, int account, int amount) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update fornada_account set balance = balance + ? where id = ?")) {
      update.setInt(1, amount);
      update.setInt(2, account);
      if (update.executeUpdate() != 1) {
        throw new SQLException("there is no account " + account);
      }
    }
  }

  /** Returns the balances in the order of the accounts. */
  static List<Long> balances(String url) throws SQLException {
    return numbers(url, "select balance from fornada_account order by id");
  }

  /** Returns what the database has counted: the sum of all balances, then the transfers. */
  static List<Long> counts(String url) throws SQLException {
    var counts = new ArrayList<>(numbers(url, "select sum(balance) from fornada_account"));
    counts.addAll(numbers(url, "select count(*) from fornada_transfer"));
    return counts;
  }

  private static List<Long> numbers(String url, String query) throws SQLException {
    var numbers = new ArrayList<Long>();
    try (Connection connection = pool(url).getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        numbers.add(rows.getLong(1));
      }
      connection.commit();
    }
    return numbers;
  }

  /** Returns the sum that the accounts have, whatever was transferred. */
  static long total(int accounts) {
    return accounts * FIRST_BALANCE;
  }
}
