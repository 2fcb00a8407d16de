package dev.baton.qnn;

import dev.baton.delegate.DelegateException;
import dev.baton.qnn.ffi.BinaryDescription;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnLibrary;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the library's codes mean to a user. */
final class Failures {
  /** What helps where a payload cannot be run here. */
  static final String OTHER_FILE =
      "or load a file of the same model that is not lowered for QNN instead.";

  private static final Pattern VERSION =
      Pattern.compile("v?(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,4}))?.*");

  private Failures() {}

  static DelegateException opening(QnnException cause) {
    return switch (cause.code()) {
      case QnnException.DEVICE_CONFIGURATION, QnnException.OUT_OF_MEMORY, 1003 ->
          new DelegateException(
              DelegateException.Kind.UNAVAILABLE,
              "QNN's device is not there: " + cause.getMessage(),
              "Run on a Snapdragon with Qualcomm's driver and, for the processor's architecture,"
                  + " libQnnHtpV…Skel.so in ADSP_LIBRARY_PATH; on x86-64 the library is a simulator"
                  + " and needs none.",
              cause);
      default ->
          new DelegateException(
              DelegateException.Kind.UNAVAILABLE,
              "QNN cannot be started: " + cause.getMessage(),
              "Use the libraries of one SDK together, for this host.",
              cause);
    };
  }

  /** The system library could not read a payload. */
  static DelegateException unreadable(String method, Exception cause) {
    return new DelegateException(
        DelegateException.Kind.BAD_PAYLOAD,
        "the QNN payload of '"
            + method
            + "' is damaged, or of a format that the installed QNN does"
            + " not know: "
            + cause.getMessage(),
        "Copy or export the program again, or install the QNN that it was exported with, "
            + OTHER_FILE,
        cause);
  }

  /** The backend did not take a context binary that could be read. */
  static DelegateException refused(
      QnnLibrary library, BinaryDescription binary, int socModel, QnnException cause) {
    if (binary.backendId() != library.backendId()) {
      return new DelegateException(
          DelegateException.Kind.UNSUPPORTED,
          "the QNN payload was made for the backend "
              + binary.backendId()
              + ", and "
              + library.path()
              + " is "
              + library.backendId()
              + ": "
              + cause.getMessage(),
          "Name the library of that backend, such as libQnnHtp.so for 6, or export for this one.",
          cause);
    }
    int soc = socModel == 0 ? binary.socModel() : socModel;
    if (isNewer(binary.buildId(), library.buildId())) {
      return new DelegateException(
          DelegateException.Kind.BAD_PAYLOAD,
          "the QNN payload was made by QNN "
              + binary.buildId()
              + ", and "
              + library.path()
              + " is of the older "
              + library.buildId()
              + ": "
              + cause.getMessage(),
          "Install QNN "
              + shortVersion(binary.buildId())
              + " or later, export with the older one, "
              + OTHER_FILE,
          cause);
    }
    return switch (cause.code()) {
      case QnnException.BINARY_FOR_ANOTHER_DEVICE ->
          new DelegateException(
              DelegateException.Kind.BAD_PAYLOAD,
              "the QNN payload was made for another processor (SoC model "
                  + soc
                  + "): "
                  + cause.getMessage(),
              "Export the program for this device's SoC, " + OTHER_FILE,
              cause);
      case QnnException.OUT_OF_MEMORY ->
          new DelegateException(
              DelegateException.Kind.RESOURCES,
              "QNN has no memory for another payload: " + cause.getMessage(),
              "Close programs that are not used: each QNN payload takes a part of an address space"
                  + " that the process has once.",
              cause);
      case QnnException.SUBSYSTEM_RESTARTED, QnnException.SUBSYSTEM_LOST ->
          new DelegateException(
              DelegateException.Kind.FAILED,
              "the device restarted: " + cause.getMessage(),
              "Load the program again.",
              cause);
      default ->
          new DelegateException(
              DelegateException.Kind.BAD_PAYLOAD,
              "QNN "
                  + library.buildId()
                  + " does not take the payload (made by "
                  + binary.buildId()
                  + " for SoC model "
                  + soc
                  + "): "
                  + cause.getMessage(),
              "Copy or export the program again, " + OTHER_FILE,
              cause);
    };
  }

  /** A run failed. */
  static DelegateException running(String name, QnnException cause) {
    return new DelegateException(
        DelegateException.Kind.FAILED,
        "running " + name + ": " + cause.getMessage(),
        cause.isDeviceLost() ? "The device restarted: load the program again." : "",
        cause);
  }

  /** Whether the SDK that made something is later than the one that is to load it. */
  static boolean isNewer(String made, String loading) {
    List<Integer> a = version(made);
    List<Integer> b = version(loading);
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      int order = Integer.compare(a.get(i), b.get(i));
      if (order != 0) {
        return order > 0;
      }
    }
    return false;
  }

  private static String shortVersion(String buildId) {
    return String.join(".", version(buildId).stream().map(Object::toString).toList());
  }

  private static List<Integer> version(String buildId) {
    Matcher matcher = VERSION.matcher(buildId);
    return matcher.matches()
        ? Arrays.asList(
            Integer.parseInt(matcher.group(1)),
            Integer.parseInt(matcher.group(2)),
            matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3)))
        : List.of();
  }
}
