package io.github.fornada.scenarios.database;

import io.github.fornada.scenarios.harness.OtherSide;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;

/**
 * Starts a PostgreSQL, prints its address, and stops it when its stdin ends: so no server is left
 * behind, however the command ends. Argument: a folder for its programs and its data; one for all
 * runs would be shared with those that were killed while they unpacked.
 */
public final class PostgresServer {
  private PostgresServer() {}

  /** Runs the server until its stdin ends. */
  public static void main(String[] args) throws Exception {
    var folder = new File(args[0]);
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(folder)
            .setDataDirectory(new File(folder, "data"))
            .setOutputRedirector(ProcessBuilder.Redirect.DISCARD)
            .setErrorRedirector(ProcessBuilder.Redirect.DISCARD)
            .start()) {
      OtherSide.serve(postgres.getJdbcUrl("postgres", "postgres"), question -> "");
    }
  }
}
