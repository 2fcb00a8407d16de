package dev.baton.coreml.mlpackage;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A payload that is open: the model's file, its weights, and what the call's arguments are named.
 * The model itself is in the payload, or in the program's named data, where several methods share
 * it.
 */
public final class MlPackage {
  private static final byte[] REFERENCE_MAGIC = "CMJR".getBytes(StandardCharsets.US_ASCII);
  private static final String PACKAGE = "model.mlpackage";
  private static final String COMPILED = "model.mlmodelc";
  private static final String MODEL_FOLDER = "@model_path/";

  private static final long MOST_AT_ONCE = 1 << 30;

  /** A description that is longer is none. */
  private static final int LONGEST_DESCRIPTION = 1 << 20;

  private final FlatDirectory files;
  private final MemorySegment bytes;
  private final @Nullable String function;
  private final List<String> inputs;
  private final List<String> outputs;
  private final String model;
  private final Map<String, WeightFile> weights = new HashMap<>();

  private MlPackage(MemorySegment bytes, @Nullable String function, String method)
      throws DelegateException {
    this.files = FlatDirectory.read(bytes);
    this.bytes = bytes;
    this.function = function;
    Json metadata = description("metadata.json");
    Json names = metadata;
    if (metadata.has("methods")) {
      Json methods = metadata.object("methods");
      names = methods.object(function != null && methods.has(function) ? function : method);
    }
    this.inputs = names.texts("inputNames");
    this.outputs = names.texts("outputNames");
    if (!files.has(PACKAGE) && !files.has(COMPILED)) {
      throw Failures.damaged("there is neither " + PACKAGE + " nor " + COMPILED + " in it");
    }
    this.model =
        files.has(PACKAGE)
            ? PACKAGE + "/Data/" + rootPath(description(PACKAGE + "/Manifest.json"))
            : COMPILED;
  }

  /**
   * @throws DelegateException if the payload is damaged, or its named data is not there
   */
  public static MlPackage open(Payload payload) throws DelegateException {
    MemorySegment bytes = payload.bytes();
    if (!isReference(bytes)) {
      return new MlPackage(bytes, null, payload.method());
    }
    MemorySegment text = bytes.asSlice(REFERENCE_MAGIC.length);
    Json reference = Json.parse("the reference", text(text, "the reference"));
    long version = reference.integer("version");
    if (version != 1) {
      throw Failures.unsupported(
          "it is a reference of version " + version + ", expected 1", "Use a newer Baton.");
    }
    String key = reference.text("key");
    MemorySegment named =
        payload
            .namedData(key)
            .orElseThrow(() ->
                Failures.missing(
                    "its model '" + key + "' is not in the program",
                    "If the program was exported with external data, load it with its .ptd"
                        + " files."));
    return new MlPackage(named, reference.text("functionName"), payload.method());
  }

  private static boolean isReference(MemorySegment bytes) {
    return bytes.byteSize() >= REFERENCE_MAGIC.length
        && MemorySegment.mismatch(
                bytes,
                0,
                REFERENCE_MAGIC.length,
                MemorySegment.ofArray(REFERENCE_MAGIC),
                0,
                REFERENCE_MAGIC.length)
            < 0;
  }

  private Json description(String path) throws DelegateException {
    return Json.parse(path, text(files.file(path), path));
  }

  private static byte[] text(MemorySegment bytes, String what) throws DelegateException {
    if (bytes.byteSize() > LONGEST_DESCRIPTION) {
      throw Failures.damaged(what + " has " + bytes.byteSize() + " bytes");
    }
    return bytes.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Where the model is, from the folder {@code Data}. */
  private static String rootPath(Json manifest) throws DelegateException {
    String version = manifest.text("fileFormatVersion");
    if (!version.startsWith("1.0")) {
      throw Failures.unsupported(
          "its package is of format " + version + ", expected 1.0", "Use a newer Baton.");
    }
    return manifest
        .object("itemInfoEntries")
        .object(manifest.text("rootModelIdentifier"))
        .text("path");
  }

  /** Bytes of all files together. */
  public long byteSize() {
    return bytes.byteSize();
  }

  /** The function that the method calls; null for the model's only one. */
  public @Nullable String function() {
    return function;
  }

  /** The model's inputs, in the order of the call's first arguments. */
  public List<String> inputs() {
    return inputs;
  }

  /** The model's outputs, in the order of the call's last arguments. */
  public List<String> outputs() {
    return outputs;
  }

  /** True if the model is compiled: only Core ML itself can open it. */
  public boolean isCompiled() {
    return model.equals(COMPILED);
  }

  /**
   * The protobuf message of the model.
   *
   * @throws DelegateException if the model is compiled
   */
  public MemorySegment model() throws DelegateException {
    if (isCompiled()) {
      throw Failures.unsupported(
          "its model is compiled (model type compiled_model), which only Apple's library opens",
          "Export it with the model type 'model', or give this system a file of its own, such as"
              + " one lowered for XNNPACK.");
    }
    return files.file(model);
  }

  /** The files of the package, or of the compiled model, by paths inside of it. */
  public Map<String, MemorySegment> modelFiles() {
    return files.below(isCompiled() ? COMPILED : PACKAGE);
  }

  /** Tells the payload's bytes from those of others, by accident the same once in 2⁶⁴. */
  public String digest() {
    CRC32C first = new CRC32C();
    CRC32 second = new CRC32();
    for (long at = 0; at < bytes.byteSize(); at += MOST_AT_ONCE) {
      MemorySegment part = bytes.asSlice(at, Math.min(MOST_AT_ONCE, bytes.byteSize() - at));
      first.update(part.asByteBuffer());
      second.update(part.asByteBuffer());
    }
    return "%08x%08x-%d".formatted(first.getValue(), second.getValue(), bytes.byteSize());
  }

  /**
   * Weights of a file.
   *
   * @param name as the program says it: {@code @model_path/weights/weight.bin}
   */
  public WeightFile weights(String name) throws DelegateException {
    WeightFile known = weights.get(name);
    if (known == null) {
      if (!name.startsWith(MODEL_FOLDER)) {
        throw Failures.damaged("weights are in '" + name + "', expected a file of " + MODEL_FOLDER);
      }
      String folder = model.substring(0, model.lastIndexOf('/') + 1);
      known = WeightFile.open(name, files.file(folder + name.substring(MODEL_FOLDER.length())));
      weights.put(name, known);
    }
    return known;
  }
}
