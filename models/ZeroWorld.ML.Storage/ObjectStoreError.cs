namespace ZeroWorld.ML.Storage;

/// <summary>Why an object store did not do what was asked.</summary>
public enum ObjectStoreError
{
    /// <summary>There is no object of this name.</summary>
    NotFound,

    /// <summary>The store cannot be reached or answers that it cannot serve now; tried again as often as the options say. Trying later may help.</summary>
    Unavailable,

    /// <summary>The store knows the caller and refuses, or does not know the credentials. Trying again does not help.</summary>
    Denied,

    /// <summary>There is no such bucket, or it lies in another region.</summary>
    NoBucket,

    /// <summary>The object was replaced while it was read; reading anew helps.</summary>
    Changed,

    /// <summary>A setting cannot be used.</summary>
    InvalidInput,
}
