package dev.baton.qnn;

import dev.baton.nativelib.Attempt;
import dev.baton.nativelib.LibraryFinder;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import dev.baton.nativelib.LibrarySpec;
import dev.baton.nativelib.Preflight;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Where the vendor's libraries are. Two are needed, which lie in one folder. */
final class QnnLibraries {
  private static final String REMEDY =
      "Install Qualcomm's AI Engine Direct SDK and set QNN_SDK_ROOT to its folder, or the Python"
          + " package onnxruntime-qnn, or name the HTP library by -D"
          + QnnDelegate.LIBRARY_PROPERTY
          + "=PATH; a program that is not lowered for QNN runs without.";

  private static final LibrarySpec BACKEND = backend();

  private static final LibrarySpec SYSTEM =
      LibrarySpec.named("qnn-system")
          .libraryName("QnnSystem")
          .symbols("QnnSystemInterface_getProviders")
          .build();

  /** Where libraries of this process came from: once loaded they stay, and need no second look. */
  private static final Map<String, Located> LOADED = new ConcurrentHashMap<>();

  private QnnLibraries() {}

  private static LibrarySpec backend() {
    LibrarySpec.Builder spec =
        LibrarySpec.named("qnn")
            .property(QnnDelegate.LIBRARY_PROPERTY)
            .symbols("QnnInterface_getProviders")
            .remedy(REMEDY);
    for (String platform : new String[] {"linux-x86_64", "linux-arm64", "android-arm64"}) {
      spec.fileNames(platform, "libQnnHtp.so");
    }
    return spec.fileNames("windows-arm64", "QnnHtp.dll")
        .environmentFoldersOn("linux-x86_64", "QNN_SDK_ROOT", "lib/x86_64-linux-*")
        .environmentFoldersOn(
            "linux-arm64", "QNN_SDK_ROOT", "lib/aarch64-oe-linux-*", "lib/aarch64-ubuntu-*")
        .environmentFoldersOn("android-arm64", "QNN_SDK_ROOT", "lib/aarch64-android")
        .environmentFoldersOn(
            "windows-arm64", "QNN_SDK_ROOT", "lib/aarch64-windows-*", "lib/arm64x-windows-*")
        .environmentFolders("VIRTUAL_ENV", "lib/python3*/site-packages/onnxruntime_qnn")
        .environmentFolders("CONDA_PREFIX", "lib/python3*/site-packages/onnxruntime_qnn")
        .build();
  }

  /**
   * Looks for both. Loads nothing.
   *
   * @param explicit the backend's library or its folder; null to search
   * @return where the backend's library is
   */
  static LibraryLocation locate(@Nullable Path explicit) {
    Located loaded = LOADED.get(key(explicit));
    return loaded == null ? search(explicit) : loaded;
  }

  /** To be called when both libraries of a place are loaded. */
  static void remember(@Nullable Path explicit, Located loaded) {
    LOADED.put(key(explicit), loaded);
  }

  private static String key(@Nullable Path explicit) {
    return explicit + " " + System.getProperty(QnnDelegate.LIBRARY_PROPERTY);
  }

  private static LibraryLocation search(@Nullable Path explicit) {
    LibraryLocation found = LibraryFinder.locate(BACKEND, explicit);
    if (!(found instanceof Located backend)) {
      return found;
    }
    Path system = system(backend.path());
    return switch (Preflight.check(system, SYSTEM)) {
      case Preflight.Fit _ -> found;
      case Preflight.Unfit unfit ->
          new NotLocated(
              unfit.kind(),
              "QNN was found at "
                  + backend.path()
                  + ", and its system library beside it cannot be used: "
                  + unfit.message(),
              "Keep the libraries of one SDK in one folder. " + unfit.remedy(),
              List.of(
                  new Attempt(backend.path() + " (" + backend.how() + ")", unfit.kind(), "Found."),
                  new Attempt(system.toString(), unfit.kind(), unfit.message())));
    };
  }

  /** The system library that belongs to a backend's. */
  static Path system(Path backend) {
    String name = String.valueOf(backend.getFileName());
    return backend.resolveSibling(name.endsWith(".dll") ? "QnnSystem.dll" : "libQnnSystem.so");
  }
}
