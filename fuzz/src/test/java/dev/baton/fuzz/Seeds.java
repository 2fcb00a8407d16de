package dev.baton.fuzz;

import java.util.List;
import java.util.stream.Stream;

/**
 * The sound files of each target. A recipe names one by its place in the list: new ones are added
 * at the end.
 */
final class Seeds {
  private Seeds() {}

  static List<Seed> programs() {
    return Stream.of(
            "add-portable",
            "cond-portable",
            "map-portable",
            "cells-portable",
            "groups-portable",
            "misc-portable",
            "kv-cache-portable",
            "textcnn-portable",
            "losses-portable",
            "dlrm-portable",
            "det-portable",
            "shifted-portable",
            "masked-portable",
            "unet-portable",
            "rope-portable",
            "dilated-portable",
            "int8-moves-portable8",
            "int8-arithmetic-portable8",
            "int8-conv1d-portable8",
            "half-portable16",
            "mlp-dyn-portable",
            "enc-dyn2-portable",
            "attn-portable",
            "digits-batch-portable",
            "add-xnn",
            "kv-cache-xnn",
            "groups-xnn",
            "cells-xnn",
            "int8-row-xnn8d",
            "unet-xnn",
            "linear-with-constant-buffer",
            "add-without-extended-header",
            "maxpool2d",
            "softmax",
            "qnn-multi-method-alpha",
            "digits-coreml")
        .map(Seed::program)
        .toList();
  }

  static List<Seed> bundles() {
    return Stream.of("bundled-portable", "bundled-state-portable", "bundled-xnn", "bundled_program")
        .map(Seed::bundle)
        .toList();
  }

  /** Each beside the program of its name. */
  static List<Seed> dataFiles() {
    return List.of(
        Seed.dataFile("weights-ptd-portable", false),
        Seed.dataFile("xor-training-external-weights", false),
        Seed.dataFile("linear-external-weights", true));
  }

  static List<Seed> coreMl() {
    return Stream.of(
            "small18-coremlg",
            "small-coreml8",
            "small-coremls",
            "kept-coreml16",
            "shared-coreml",
            "dynamic-coreml16",
            "text-coreml16",
            "moves18-coreml",
            "images-coreml16")
        .map(Seed::coreMl)
        .toList();
  }

  static List<Seed> etDumps() {
    return List.of(Seed.etDump("portable-run"));
  }

  static List<Seed> payloads() {
    return Stream.of(
            "add-xnn",
            "kv-cache-xnn",
            "groups-xnn",
            "cells-xnn",
            "unet-xnn",
            "digits-xnn",
            "digits-xnn8",
            "mlp-dyn-xnn",
            "mlp-dyn-xnn8d",
            "int8-row-xnn8d",
            "int8-row-xnn4",
            "int8-conv1d-xnn8",
            "int8-arithmetic-xnn8",
            "int8-moves-xnn8",
            "half-xnn16",
            "masked-xnn",
            "det-xnn",
            "dlrm-xnn",
            "attn-xnn")
        .map(Seed::payloads)
        .toList();
  }
}
