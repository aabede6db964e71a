namespace ZeroWorld.ML.Features;

/// <summary>Everything that can go wrong in the feature store, as its callers need to tell it apart.</summary>
public enum FeatureError
{
    /// <summary>A definition file is wrong: the message names file, line and column.</summary>
    InvalidDefinition,

    /// <summary>A request or a source row is wrong: the message names the column, the value and what was expected.</summary>
    InvalidInput,

    /// <summary>No such view, service, table or entity.</summary>
    NotFound,

    /// <summary>A change would break a registered model.</summary>
    Incompatible,

    /// <summary>The store cannot be reached now.</summary>
    StoreUnavailable,

    /// <summary>More is under way than may be: later, or less at once.</summary>
    Overloaded,

    /// <summary>Another writer has taken over; this one stops.</summary>
    Superseded,

    /// <summary>Stored bytes are not what their format says.</summary>
    CorruptData,
}
