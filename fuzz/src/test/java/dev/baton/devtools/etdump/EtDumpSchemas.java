package dev.baton.devtools.etdump;

import dev.baton.format.TableFacts;

/** Lends the facts of recordings to mutators. */
public final class EtDumpSchemas {
  private EtDumpSchemas() {}

  public static TableFacts dump() {
    return EtDumpSchema.ETDUMP;
  }
}
