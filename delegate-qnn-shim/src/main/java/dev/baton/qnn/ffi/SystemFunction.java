package dev.baton.qnn.ffi;

/** The functions of the system library that Baton calls. */
public enum SystemFunction implements TableEntry {
  CREATE(0, "systemContextCreate", "p"),
  BINARY_INFO(1, "systemContextGetBinaryInfo", "ppppp"),
  META_DATA(2, "systemContextGetMetaData", "pppp"),
  FREE(3, "systemContextFree", "p"),
  DLC_FROM_BINARY(9, "systemDlcCreateFromBinary", "pppp"),
  DLC_COMPOSE(10, "systemDlcComposeGraphs", "ppipptipp"),
  DLC_FREE(12, "systemDlcFree", "p");

  private final int slot;
  private final String symbol;
  private final String signature;

  SystemFunction(int slot, String symbol, String signature) {
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
