package app.perpetua.flow.sync;

import app.perpetua.flow.base.WireName;

/** Why an event stream ended: the reason in its last event, and a label of metrics. */
enum StreamEnd implements WireName {
  /** It was open for the longest permitted time. */
  MAX_DURATION,
  TOKEN_EXPIRED,
  ACCOUNT_DELETED,
  /** The session of the access token was ended. */
  SESSION_ENDED,
  /** The user has opened too many newer ones. */
  REPLACED,
  SHUTDOWN,
  /** Not sent: the client closed the connection, or did not read in time. */
  DISCONNECTED,
  /** Not sent: a defect of the service. */
  FAILED
}
