package dev.baton.runtime.program;

/**
 * What a file may cost its reader. Exceeding one is a {@link ProgramFormatException} that names it.
 * The defaults admit every honest file known; a server that takes files from strangers may lower
 * them.
 *
 * @param values slots of all methods together
 * @param tensors tensors among them
 * @param instructions instructions of all methods together
 * @param plannedBytes memory that one method plans, in bytes
 * @param decodedBytes bytes of tables, strings and lists that are decoded, shared ones counted each
 *     time; constants and payloads are not decoded
 * @param sharing the same bytes as a multiple of the file's tables: honest files read each byte
 *     about once, a hostile one can refer to one table a million times
 */
public record ReadBudget(
    long values,
    long tensors,
    long instructions,
    long plannedBytes,
    long decodedBytes,
    int sharing) {

  private static final ReadBudget DEFAULTS =
      new ReadBudget(4_000_000, 2_000_000, 4_000_000, 64L << 30, 512L << 20, 3);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if one is negative, or {@code sharing} below 1
   */
  public ReadBudget {
    if (values < 0 || tensors < 0 || instructions < 0 || plannedBytes < 0 || decodedBytes < 0) {
      throw new IllegalArgumentException("A read budget cannot be negative");
    }
    if (sharing < 1) {
      throw new IllegalArgumentException("sharing is a multiple, 1 or more: " + sharing);
    }
  }

  /**
   * 4 million values, 2 million tensors, 4 million instructions, 64 GiB planned, 512 MiB decoded,
   * sharing 3.
   */
  public static ReadBudget defaults() {
    return DEFAULTS;
  }

  public ReadBudget withValues(long values) {
    return new ReadBudget(values, tensors, instructions, plannedBytes, decodedBytes, sharing);
  }

  public ReadBudget withTensors(long tensors) {
    return new ReadBudget(values, tensors, instructions, plannedBytes, decodedBytes, sharing);
  }

  public ReadBudget withInstructions(long instructions) {
    return new ReadBudget(values, tensors, instructions, plannedBytes, decodedBytes, sharing);
  }

  public ReadBudget withPlannedBytes(long plannedBytes) {
    return new ReadBudget(values, tensors, instructions, plannedBytes, decodedBytes, sharing);
  }

  public ReadBudget withDecodedBytes(long decodedBytes) {
    return new ReadBudget(values, tensors, instructions, plannedBytes, decodedBytes, sharing);
  }

  public ReadBudget withSharing(int sharing) {
    return new ReadBudget(values, tensors, instructions, plannedBytes, decodedBytes, sharing);
  }
}
