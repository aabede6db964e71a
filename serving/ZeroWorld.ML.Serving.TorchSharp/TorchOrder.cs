using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Brings declared tensors into the order in which <c>forward</c> takes and gives them, by Triton's rules: by the names of its arguments, by <c>NAME__PLACE</c>, else as they were declared. Pure.</summary>
internal static class TorchOrder
{
    private const string Mark = "__";

    /// <param name="declared">In the order in which they were written down.</param>
    /// <param name="arguments">Names of the arguments of <c>forward</c>; <see langword="null"/>: not known.</param>
    /// <param name="problem">What is wrong with places that are named; <see langword="null"/>: nothing.</param>
    public static IReadOnlyList<TensorSpec> Order(IReadOnlyList<TensorSpec> declared, IReadOnlyList<string>? arguments, out string? problem)
    {
        problem = null;
        if (arguments?.Count == declared.Count && declared.All(spec => arguments.Contains(spec.Name)))
        {
            return [.. arguments.Select(name => declared.First(spec => spec.Name == name))];
        }

        int?[] places = [.. declared.Select(static spec => PlaceOf(spec.Name))];
        if (places.Length == 0 || places.Any(static place => place is null))
        {
            return declared;
        }

        if (places.Distinct().Count() == places.Length && places.Max() == places.Length - 1)
        {
            return [.. declared.Select((spec, index) => (spec, index)).OrderBy(entry => places[entry.index]).Select(static entry => entry.spec)];
        }

        problem = $"the places that {string.Join(", ", declared.Select(static spec => $"'{spec.Name}'"))} name are not 0 to {declared.Count - 1}, each once";
        return declared;
    }

    private static int? PlaceOf(string name)
    {
        var mark = name.LastIndexOf(Mark, StringComparison.Ordinal);
        return mark > 0 && int.TryParse(name.AsSpan(mark + Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : null;
    }
}
