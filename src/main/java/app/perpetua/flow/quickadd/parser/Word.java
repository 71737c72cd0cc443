package app.perpetua.flow.quickadd.parser;

import java.util.Locale;

/** A meaning of a word or phrase of a {@link Vocabulary}; its name there is {@link #key}. */
enum Word {
  TODAY,
  TOMORROW,
  DAY_AFTER_TOMORROW,
  TONIGHT,
  WEEKDAY,
  WORKDAY,
  WEEKEND,
  MONTH,
  UNIT,
  SHORT_UNIT,
  ADVERB,
  ARTICLE,
  NUMBER,
  ORDINAL,
  ORDINAL_SUFFIX,
  CLOCK,
  DAY_PART,
  AM,
  PM,
  OCLOCK,
  NEXT,
  THIS,
  OTHER,
  EVERY,
  AFTER,
  UNTIL,
  STARTING,
  FROM,
  TIMES,
  FROM_NOW,
  END_OF_MONTH,
  END_OF_YEAR,
  END_OF,
  OF_MONTH,
  AND,
  OF,
  THE,
  AT,
  IN,
  ON,
  FOR,
  NOT_DUE;

  String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
