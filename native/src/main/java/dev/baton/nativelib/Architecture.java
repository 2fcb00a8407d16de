package dev.baton.nativelib;

import java.util.Locale;

/** Instruction set architectures, under the labels that platform classifiers use. */
public enum Architecture {
  X86_64("x86_64", "x86_64-linux-gnu"),
  ARM64("arm64", "aarch64-linux-gnu"),
  X86("x86", "i386-linux-gnu"),
  ARM("arm", "arm-linux-gnueabihf"),
  RISCV64("riscv64", "riscv64-linux-gnu"),
  PPC64LE("ppc64le", "powerpc64le-linux-gnu"),
  S390X("s390x", "s390x-linux-gnu"),
  /** Qualcomm's digital signal processor; a library for it is loaded there, never on the host. */
  HEXAGON("hexagon", ""),
  OTHER("other", "");

  private final String label;
  private final String multiarch;

  Architecture(String label, String multiarch) {
    this.label = label;
    this.multiarch = multiarch;
  }

  /** The second part of a platform classifier, such as {@code x86_64}; never null. */
  public String label() {
    return label;
  }

  /** Debian's folder name for libraries of this architecture; empty where there is none. */
  String multiarch() {
    return multiarch;
  }

  /** The architecture of an {@code os.arch} value, {@link #OTHER} when it is not known. */
  static Architecture named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64", "x86-64", "x64" -> X86_64;
      case "aarch64", "arm64" -> ARM64;
      case "x86", "i386", "i486", "i586", "i686" -> X86;
      case "arm", "aarch32" -> ARM;
      case "riscv64" -> RISCV64;
      case "ppc64le" -> PPC64LE;
      case "s390x" -> S390X;
      default -> OTHER;
    };
  }
}
