using System.Globalization;
using System.Reflection;

namespace ZeroWorld.ML.Hosting;

/// <summary>One setting that exists: a property of an options class.</summary>
internal sealed record Setting(string Key, Type OptionsType, PropertyInfo Property)
{
    /// <summary>Secrets are never shown.</summary>
    public bool IsSecret => Property.Name.EndsWith("Password", StringComparison.Ordinal) || Property.Name.EndsWith("Secret", StringComparison.Ordinal);

    public string? Show(object options)
    {
        var value = Property.GetValue(options);
        return value is null ? null : IsSecret ? "(set)" : Convert.ToString(value, CultureInfo.InvariantCulture);
    }
}
