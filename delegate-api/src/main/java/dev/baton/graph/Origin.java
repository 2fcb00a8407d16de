package dev.baton.graph;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where a node came from. Two origins are equal if they name the same place. */
public final class Origin {
  /** The host made the node. */
  public static final Origin HOST = new Origin(-1, "", -1);

  private final int instruction;
  private final String payload;
  private final int index;
  private final int debugHandle;

  /**
   * @param instruction index of the instruction in its chain of the file; −1 if the host made the
   *     node
   * @param payload the payload id (such as {@code XnnpackBackend}) that the node was lifted from,
   *     or empty if the node was an operator of the program
   * @param index index of the node in its payload; −1 outside of one
   */
  public Origin(int instruction, String payload, int index) {
    this(instruction, payload, index, 0);
  }

  /**
   * As above.
   *
   * @param debugHandle the exporter's number of the operator, where the payload keeps it; 0 if not
   */
  public Origin(int instruction, String payload, int index, int debugHandle) {
    this.instruction = instruction;
    this.payload = Objects.requireNonNull(payload);
    this.index = index;
    this.debugHandle = debugHandle;
  }

  public static Origin ofInstruction(int instruction) {
    return new Origin(instruction, "", -1);
  }

  /** Index of the instruction in its chain of the file; −1 if the host made the node. */
  public int instruction() {
    return instruction;
  }

  /** The payload id that the node was lifted from; empty if it was an operator of the program. */
  public String payload() {
    return payload;
  }

  /** Index of the node in its payload; −1 outside of one. */
  public int index() {
    return index;
  }

  /**
   * The exporter's number of the operator, by which its records (ETRecord) know it; 0 if the
   * payload does not keep it, and outside of one. No part of the place.
   */
  public int debugHandle() {
    return debugHandle;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Origin o
        && instruction == o.instruction
        && payload.equals(o.payload)
        && index == o.index;
  }

  @Override
  public int hashCode() {
    return Objects.hash(instruction, payload, index);
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
