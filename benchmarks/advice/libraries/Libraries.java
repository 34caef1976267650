package io.github.fornada.benchmarks.advice;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import libsvm.svm;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.libsvm.LibSVMClassificationTrainer;
import org.tribuo.classification.libsvm.SVMClassificationType;
import org.tribuo.classification.libsvm.SVMClassificationType.SVMMode;
import org.tribuo.common.libsvm.KernelType;
import org.tribuo.common.libsvm.SVMParameters;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/** Workloads that need libraries: the same training with a lock and without, and a database. */
final class Libraries {
  private static final String[] NAMES = {"a", "b", "c", "d", "e", "f"};
  private static final long SEED = 12_345;
  private static final int POINTS = 300;

  // Kept, or the logger would be collected and its level with it.
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  static {
    TRIBUO.setLevel(Level.WARNING); // otherwise it prints every iteration
    svm.svm_set_print_string_function(text -> {});
  }

  private Libraries() {}

  /** Adds its workloads to those that need nothing. */
  static void addTo(Map<String, Catalog.Maker> all) {
    all.put(
        "libsvm",
        s ->
            Work.of("libsvm", "lock", Catalog.times(s, 500), i -> i, Libraries::svm)
                .at("LibSVMTrainer.train"));
    all.put("trees", s -> Work.of("trees", "computes", Catalog.times(s, 500), i -> i, Libraries::tree));
    all.put(
        "database",
        s ->
            Work.of(
                "database", "connection-pool sockets sleeps", Catalog.times(s, 800), i -> new Query(i), Libraries::query));
  }

  private static MutableDataset<Label> data(int seed) {
    var factory = new LabelFactory();
    var data = new MutableDataset<>(new SimpleDataSourceProvenance("points", factory), factory);
    var random = new SplittableRandom(seed);
    for (int i = 0; i < POINTS; i++) {
      double[] values = new double[NAMES.length];
      double square = 0;
      for (int f = 0; f < values.length; f++) {
        values[f] = random.nextDouble(-1, 1);
        square += values[f] * values[f];
      }
      String label = square + random.nextDouble() < 2.4 ? "in" : "out";
      data.add(new ArrayExample<>(new Label(label), NAMES, values));
    }
    return data;
  }

  /** LibSVM trains one at a time in a JVM, by a lock of a class. */
  static Long svm(Integer index) {
    var parameters = new SVMParameters<>(new SVMClassificationType(SVMMode.C_SVC), KernelType.RBF);
    parameters.setCost(1 + index % 5);
    parameters.setGamma(0.2 + index % 3);
    return trained(new LibSVMClassificationTrainer(parameters, SEED), index);
  }

  static Long tree(Integer index) {
    return trained(new CARTClassificationTrainer(4 + index % 4, 0.5f, SEED), index);
  }

  private static Long trained(Trainer<Label> trainer, int index) {
    MutableDataset<Label> data = data(index % 10);
    Model<Label> model = trainer.train(data);
    return data.getData().stream()
        .filter(each -> model.predict(each).getOutput().getLabel().equals(each.getOutput().getLabel()))
        .count();
  }

  /** A query of a database; each JVM has a pool of four connections to a database of its own. */
  record Query(int index) implements Serializable {}

  private static final class Database {
    static final HikariDataSource POOL = open();

    private static HikariDataSource open() {
      var config = new HikariConfig();
      config.setJdbcUrl("jdbc:h2:mem:advice;DB_CLOSE_DELAY=-1");
      config.setMaximumPoolSize(4);
      config.setConnectionTimeout(60_000);
      var pool = new HikariDataSource(config);
      try (var connection = pool.getConnection();
          var statement = connection.createStatement()) {
        statement.execute(
            "create alias nap as $$ int nap(int ms) throws Exception { Thread.sleep(ms); return ms; } $$");
      } catch (SQLException e) {
        throw new ExceptionInInitializerError(e);
      }
      return pool;
    }
  }

  static Long query(Query query) throws SQLException {
    try (var connection = Database.POOL.getConnection();
        var statement = connection.prepareStatement("select nap(5) + ?")) {
      statement.setInt(1, query.index() % 7);
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }
}
