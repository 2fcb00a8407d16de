package dev.baton.graph;

/**
 * Where a node came from.
 *
 * @param instruction index of the instruction in its chain of the file; −1 if the host made the
 *     node
 * @param payload the payload id (such as {@code XnnpackBackend}) that the node was lifted from, or
 *     empty if the node was an operator of the program
 * @param index index of the node in its payload; −1 outside of one
 */
public record Origin(int instruction, String payload, int index) {
  public static final Origin HOST = new Origin(-1, "", -1);

  public static Origin ofInstruction(int instruction) {
    return new Origin(instruction, "", -1);
  }

  @Override
  public String toString() {
    if (instruction < 0) {
      return "made by the host";
    }
    String place = "instruction " + instruction;
    if (!payload.isEmpty()) {
      place += index < 0 ? ", " + payload : ", " + payload + " node " + index;
    }
    return place;
  }
}
