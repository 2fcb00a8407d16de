package dev.baton.qnn.ffi;

/**
 * Offsets and sizes of the structures of core interface 2.23 to 2.40, in bytes, of a 64-bit host;
 * enums are 32 bits. Structures of versions begin with the number of theirs.
 */
final class Layouts {
  /** A code that stands for "nothing" in most enums. */
  static final int UNDEFINED = 0x7fffffff;

  static final String OP_PACKAGE = "qti.aisw";

  // What a library offers: a table of functions behind its versions.
  static final long PROVIDER_ID = 0;
  static final long PROVIDER_NAME = 8;
  static final long PROVIDER_CORE_VERSION = 16;
  static final long PROVIDER_BACKEND_VERSION = 28;
  static final long PROVIDER_TABLE = 40;
  static final long SYSTEM_PROVIDER_TABLE = 32;

  /** The first minor version of the system interface that is known to read portable graphs. */
  static final int SYSTEM_MINOR_OF_PORTABLE = 11;

  static final int SYSTEM_ENTRIES = 13;
  static final int SYSTEM_ENTRIES_BEFORE = 4;

  // A tensor, of version 1 or 2: the latter has more behind the same.
  static final long TENSOR_BYTES = 144;
  static final int TENSOR_VERSION = 2;
  static final long TENSOR_ID = 8;
  static final long TENSOR_NAME = 16;
  static final long TENSOR_KIND = 24;
  static final long TENSOR_FORMAT = 28;
  static final long TENSOR_DTYPE = 32;
  static final long TENSOR_QUANT_DEFINITION = 40;
  static final long TENSOR_QUANT_ENCODING = 44;
  static final long TENSOR_QUANT = 48;
  static final long TENSOR_RANK = 80;
  static final long TENSOR_DIMS = 88;
  static final long TENSOR_MEMORY = 96;
  static final long TENSOR_DATA = 104;
  static final long TENSOR_DATA_BYTES = 112;
  static final long TENSOR_SPARSE = 128;

  static final int DEFINED = 1;
  static final int ENCODING_TENSOR = 0;
  static final int ENCODING_AXIS = 1;
  static final int MEMORY_RAW = 0;

  // A parameter of a node: a scalar or a tensor.
  static final long PARAMETER_BYTES = 160;
  static final long PARAMETER_NAME = 8;
  static final long PARAMETER_VALUE = 16;
  static final long SCALAR_VALUE = 8;
  static final int PARAMETER_SCALAR = 0;
  static final int PARAMETER_TENSOR = 1;

  static final long NODE_BYTES = 80;
  static final long NODE_NAME = 8;
  static final long NODE_PACKAGE = 16;
  static final long NODE_TYPE = 24;
  static final long NODE_PARAMETER_COUNT = 32;
  static final long NODE_PARAMETERS = 40;
  static final long NODE_INPUT_COUNT = 48;
  static final long NODE_INPUTS = 56;
  static final long NODE_OUTPUT_COUNT = 64;
  static final long NODE_OUTPUTS = 72;

  // The description of a context binary; offsets are those within the body.
  static final long INFO_BODY = 8;
  static final long INFO_BACKEND_ID = 0;
  static final long INFO_BUILD_ID = 8;
  static final long INFO_SOC_MODEL_V3 = 128;
  static final long INFO_BYTES = 144;
  static final long INFO_GRAPHS_V1 = 112;
  static final long INFO_GRAPHS_V3 = 88;

  static final long GRAPH_BYTES = 88;
  static final long GRAPH_BODY = 8;
  static final long GRAPH_NAME = 0;
  static final long GRAPH_INPUTS = 8;
  static final long GRAPH_OUTPUTS = 24;

  // Configurations are lists of pointers to these.
  static final long CONFIG_BYTES = 16;
  static final long CONFIG_VALUE = 8;
  static final int CONFIG_CUSTOM = 0;

  /**
   * The HTP device's own configuration that names the SoC. Some SDKs read the model at 4, others at
   * 8, and no version tells which: both get it.
   */
  static final long SOC_BYTES = 24;

  static final long SOC_MODEL = 4;
  static final long SOC_MODEL_OTHER = 8;

  /** The HTP graph's own configuration: an option, and its value behind. */
  static final long GRAPH_CONFIG_BYTES = 56;

  static final long GRAPH_CONFIG_VALUE = 8;
  static final int GRAPH_PRECISION = 2;
  static final int PRECISION_HALF = 1;

  static final long EVENT_BYTES = 24;
  static final long EVENT_UNIT = 4;
  static final long EVENT_VALUE = 8;
  static final long EVENT_NAME = 16;

  private Layouts() {}
}
