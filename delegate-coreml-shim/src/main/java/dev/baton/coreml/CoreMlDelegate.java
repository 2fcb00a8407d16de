package dev.baton.coreml;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.HostPlatform;
import dev.baton.nativelib.OperatingSystem;
import java.util.List;
import java.util.Set;

/**
 * Apple's Core ML: CPU, GPU and neural engine of a Mac. This version says where Core ML is and does
 * not run it yet, so it is never available.
 */
public final class CoreMlDelegate implements Delegate {
  /** What users type. */
  public static final String NAME = "coreml";

  /** The backend id in program files. */
  public static final String PAYLOAD_ID = "CoreMLBackend";

  private static final String NOT_YET = "This version of Baton does not run Core ML yet.";
  private static final String NOT_YET_REMEDY =
      "Export the model for XNNPACK or without a backend; Baton runs both.";

  private final HostPlatform platform;

  /** Used by the service loader. */
  public CoreMlDelegate() {
    this(HostPlatform.current());
  }

  CoreMlDelegate(HostPlatform platform) {
    this.platform = platform;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of(PAYLOAD_ID);
  }

  @Override
  public Availability availability() {
    return platform.os() == OperatingSystem.MACOS
        ? Availability.unavailable(Availability.Reason.OTHER, NOT_YET, NOT_YET_REMEDY, List.of())
        : Availability.unavailable(
            Availability.Reason.PLATFORM,
            "Core ML is part of macOS, and this is " + platform.classifier() + ".",
            "Use another delegate here.",
            List.of());
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    throw new DelegateException(DelegateException.Kind.UNSUPPORTED, NOT_YET, NOT_YET_REMEDY, null);
  }
}
