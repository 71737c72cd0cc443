package app.perpetua.flow.harness;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * RSA signatures and key pairs of Amazon Corretto's provider, and nothing else of it: a key factory
 * would read keys that the JDK's refuses. {@code src/test/java.security} selects it. Empty where
 * the native library is missing.
 */
public final class NativeRsa extends Provider {
  private static final long serialVersionUID = 1;

  /** For the JDK, which makes its providers. */
  public NativeRsa() {
    super("NativeRsa", "1", "RSA signatures and key pairs by a native library");
    Provider library = new AmazonCorrettoCryptoProvider();
    add(library.getService("Signature", "SHA256withRSA"));
    add(library.getService("KeyPairGenerator", "RSA"));
  }

  private void add(@Nullable Service of) {
    if (of != null) {
      putService(new Delegate(this, of));
    }
  }

  private static final class Delegate extends Service {
    private final Service service;

    Delegate(Provider provider, Service service) {
      super(
          provider,
          service.getType(),
          service.getAlgorithm(),
          service.getClassName(),
          List.of(),
          Map.of());
      this.service = service;
    }

    @Override
    public Object newInstance(@Nullable Object parameter) throws NoSuchAlgorithmException {
      return service.newInstance(parameter);
    }
  }
}
