package dev.baton.qnn.ffi;

/** The functions of a backend library that Baton calls. */
public enum BackendFunction implements TableEntry {
  BACKEND_CREATE(1, "backendCreate", "ppp"),
  BACKEND_BUILD_ID(4, "backendGetBuildId", "p"),
  BACKEND_VALIDATE(7, "backendValidateOpConfig", "po"),
  BACKEND_FREE(8, "backendFree", "p"),
  CONTEXT_CREATE(9, "contextCreate", "pppp"),
  CONTEXT_BINARY_SIZE(11, "contextGetBinarySize", "pp"),
  CONTEXT_BINARY(12, "contextGetBinary", "pppp"),
  CONTEXT_FROM_BINARY(13, "contextCreateFromBinary", "ppppppp"),
  CONTEXT_FREE(14, "contextFree", "pp"),
  GRAPH_CREATE(15, "graphCreate", "pppp"),
  GRAPH_ADD_NODE(18, "graphAddNode", "po"),
  GRAPH_FINALIZE(19, "graphFinalize", "ppp"),
  GRAPH_RETRIEVE(20, "graphRetrieve", "ppp"),
  GRAPH_EXECUTE(21, "graphExecute", "ppipipp"),
  GRAPH_TENSOR(24, "tensorCreateGraphTensor", "pp"),
  LOG_CREATE(25, "logCreate", "pip"),
  PROFILE_CREATE(28, "profileCreate", "pip"),
  PROFILE_EVENTS(30, "profileGetEvents", "ppp"),
  PROFILE_SUB_EVENTS(31, "profileGetSubEvents", "ppp"),
  PROFILE_EVENT_DATA(32, "profileGetEventData", "pp"),
  PROFILE_FREE(34, "profileFree", "p"),
  DEVICE_CREATE(40, "deviceCreate", "ppp"),
  DEVICE_FREE(43, "deviceFree", "p"),
  ERROR_MESSAGE(48, "errorGetMessage", "pp");

  private final int slot;
  private final String symbol;
  private final String signature;

  BackendFunction(int slot, String symbol, String signature) {
    this.slot = slot;
    this.symbol = symbol;
    this.signature = signature;
  }

  @Override
  public int slot() {
    return slot;
  }

  @Override
  public String symbol() {
    return symbol;
  }

  @Override
  public String signature() {
    return signature;
  }
}
