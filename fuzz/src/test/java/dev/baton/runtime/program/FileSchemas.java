package dev.baton.runtime.program;

import dev.baton.format.TableFacts;

/** Lends the facts of program, bundle and data files to mutators. */
public final class FileSchemas {
  private FileSchemas() {}

  public static TableFacts program() {
    return ProgramSchema.PROGRAM;
  }

  public static TableFacts bundle() {
    return BundleSchema.BUNDLED_PROGRAM;
  }

  public static TableFacts dataFile() {
    return DataFileSchema.FLAT_TENSOR;
  }

  /** Of data files up to ExecuTorch 0.6. */
  public static TableFacts olderDataFile() {
    return DataFileSchema.FLAT_TENSOR_0_6;
  }
}
