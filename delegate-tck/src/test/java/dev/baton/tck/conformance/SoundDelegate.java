package dev.baton.tck.conformance;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.tck.ForwardingDelegate;
import dev.baton.tck.OpaquePayloadDelegate;
import dev.baton.tck.PureJavaDelegate;
import java.util.List;
import java.util.Set;

/**
 * Keeps every rule: claims in pure Java, loads opaque payloads, and has a library that an option
 * names. Bad delegates change one thing each.
 */
public class SoundDelegate extends ForwardingDelegate {
  /** Option with the library's place. */
  static final String LIBRARY = "library";

  /** A place without a library. */
  static final String ABSENT = "absent";

  private final PureJavaDelegate claiming;
  private final OpaquePayloadDelegate opaque = new OpaquePayloadDelegate();

  /** As the SPI says. */
  public SoundDelegate() {
    this(new PureJavaDelegate());
  }

  private SoundDelegate(PureJavaDelegate claiming) {
    super(claiming);
    this.claiming = claiming;
  }

  @Override
  public String name() {
    return "sound";
  }

  @Override
  public Set<String> payloadIds() {
    return opaque.payloadIds();
  }

  @Override
  public Availability availability(OpenContext context) {
    String library = context.options().get(LIBRARY);
    return library == null
        ? availability()
        : Availability.unavailable(
            Availability.Reason.LIBRARY_ABSENT, "No library there.", "Leave it out.", List.of());
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    Availability availability = availability(context);
    if (!availability.isAvailable()) {
      throw new DelegateException(DelegateException.Kind.UNAVAILABLE, availability.message());
    }
    return wrap(new WithPayloads(claiming.open(context), opaque.open(context)));
  }

  private static final class WithPayloads extends Session {
    private final DelegateSession payloads;

    WithPayloads(DelegateSession claims, DelegateSession payloads) {
      super(claims);
      this.payloads = payloads;
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      return payloads.load(payload, context);
    }
  }

  /** A sound delegate that changes what its executions do. */
  abstract static class Executing extends SoundDelegate {
    /** Wraps an execution of a compiled subgraph. */
    abstract DelegateExecution executing(DelegateExecution sound, List<String> operators);

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        private List<String> compiling = List.of();

        @Override
        public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
            throws DelegateException {
          compiling = subgraph.nodes().stream().map(n -> n.name()).toList();
          return super.compile(subgraph, context);
        }

        @Override
        public CompiledSubgraph load(Payload payload, CompileContext context)
            throws DelegateException {
          compiling = List.of();
          return super.load(payload, context);
        }

        @Override
        protected CompiledSubgraph wrap(CompiledSubgraph subgraph) {
          List<String> operators = compiling;
          return new Compiled(subgraph) {
            @Override
            protected DelegateExecution wrap(DelegateExecution execution) {
              return executing(execution, operators);
            }
          };
        }
      };
    }
  }

  /** Takes nothing but payloads. */
  static class PayloadsAlone extends Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return sound;
    }

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return super.wrap(
          new Session(session) {
            @Override
            public void claim(GraphView graph, Claims claims) {
              Decline reason = Decline.of(Decline.Kind.OPERATOR, "takes payloads alone");
              graph.nodes().forEach(node -> claims.decline(node, reason));
            }
          });
    }
  }
}
