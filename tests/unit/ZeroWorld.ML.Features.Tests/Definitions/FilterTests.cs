namespace ZeroWorld.ML.Features.Tests;

public sealed class FilterTests
{
    private const string Valid = """
        version: 1
        entities: [{ name: card, keys: [{ name: card_id, type: int64 }] }]
        feature_views:
          - name: spent
            entity: card
            source: { table: uses, event_time: at, created_time: known, keys: { card_id: CARD }, where: "AMOUNT > 0 and STATUS = 'ok'", columns: [{ name: STATUS, type: string }] }
            window: { label_delay: 1d }
            features: [{ name: sum_1d, aggregate: sum, of: AMOUNT, window: 1d }]
        feature_services: [{ name: all, features: [spent.*] }]
        """;

    [Fact]
    public void Load_ViewWithAFilter_ReadsTheColumnsOfIt()
    {
        var view = Load(Valid).GetView("spent");

        Assert.Equal([new StoredColumn("AMOUNT", FeatureType.Float64), new StoredColumn("STATUS", FeatureType.String)], view.Source.Filter!.Columns);
        Assert.Equal([new StoredColumn("AMOUNT", FeatureType.Float64)], view.StoredColumns);
        Assert.Equal(["AMOUNT", "STATUS"], view.ValueColumns.Select(static column => column.Name));
    }

    [Theory]
    [InlineData("AMOUNT > 0 and", "AMOUNT > 1 and", true)]
    [InlineData("AMOUNT > 0 and", "(AMOUNT>0)   and", false)]
    [InlineData(", where: \"AMOUNT > 0 and STATUS = 'ok'\", columns: [{ name: STATUS, type: string }]", "", true)]
    public void Load_AnotherFilter_IsAnotherViewAndStoredApart(string text, string other, bool expected)
    {
        var (one, two) = (Load(Valid), Load(Change(text, other)));

        Assert.Equal(expected, one.GetService("all").Fingerprint != two.GetService("all").Fingerprint);
        Assert.Equal(expected, StorageField.Of(one.GetView("spent"), hasIntegerEventId: true).Name != StorageField.Of(two.GetView("spent"), hasIntegerEventId: true).Name);
        Assert.Equal(expected, DefinitionPlan.Between(one, two).HasChanges);
    }

    [Theory]
    [InlineData("AMOUNT > 0 and STATUS = 'ok'", "AMOUNT and STATUS = 'ok'", "a.yaml:6:105: filter of a source, column 8 of its expression: 'and' has (float64, bool); expected (bool, bool).")]
    [InlineData("AMOUNT > 0 and STATUS = 'ok'", "AMOUNT + length(STATUS)", "column 1 of its expression: the expression gives float64; expected bool: whether a row counts.")]
    [InlineData("AMOUNT > 0 and", "KIND > 0 and", "column 1 of its expression: there is no value 'KIND'; expected one of: AMOUNT, CARD, STATUS, at, or its type declared under 'columns'.")]
    [InlineData("AMOUNT > 0 and", "known > at and", "there is no value 'known'")]
    [InlineData("AMOUNT > 0 and", "hour(time) > 6 and", "there is no value 'time'")]
    [InlineData("AMOUNT > 0 and STATUS = 'ok'", "1 < 2", "the expression reads no column; expected one, since it says which rows count")]
    [InlineData("AMOUNT > 0 and STATUS = 'ok'", "AMOUNT > 0", "column 'STATUS' is declared and the filter does not read it; expected only columns that it reads.")]
    [InlineData("name: STATUS, type: string", "name: STATUS, type: bytes", "'STATUS' holds bytes, which expressions cannot read")]
    [InlineData("name: STATUS, type: string", "name: AMOUNT, type: int64", "column 'AMOUNT' is float64 to the view already; expected only columns that nothing else of the view reads.")]
    [InlineData("[{ name: STATUS, type: string }]", "[{ name: STATUS, type: string }, { name: STATUS, type: string }]", "column 'STATUS' is declared twice; expected each name once.")]
    [InlineData("where: \"AMOUNT > 0 and STATUS = 'ok'\", ", "", "a source has 'columns' and no 'where'; expected them only for a filter that reads them.")]
    [InlineData("where: \"AMOUNT > 0 and STATUS = 'ok'\"", "where: true", "'where' of a source is the bool true; expected an expression over the source's columns")]
    [InlineData("label_delay: 1d", "include_request: {}", "a source has a 'where', and the window includes the request; expected one of the two")]
    public void Load_WrongFilter_IsRefusedWithItsPlace(string text, string other, string expected)
    {
        var message = Assert.Throws<FeatureException>(() => Load(Change(text, other))).Message;

        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FilterBesideABrokenFeature_IsNotBlamedForIt()
    {
        var message = Assert.Throws<FeatureException>(static () => Load(Change("of: AMOUNT, window: 1d", "of: AMOUNT, window: 1w"))).Message;

        Assert.DoesNotContain("filter", message, StringComparison.Ordinal);
        Assert.Contains("'window' of a feature", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FilterOfAStream_KnowsItsColumns()
    {
        const string Stream = """
            version: 1
            entities: [{ name: card, keys: [{ name: card_id, type: int64 }] }]
            streams: [{ name: uses, kind: redis, topic: uses, columns: [{ name: AT, type: timestamp }, { name: card_id, type: int64 }, { name: OK, type: bool }, { name: AMOUNT, type: int64 }] }]
            feature_views:
              - { name: spent, entity: card, source: { table: uses, event_time: AT, where: OK and AMOUNT > 5 }, window: {}, features: [{ name: sum_1d, aggregate: sum, of: AMOUNT, window: 1d }] }
            """;

        var filter = Load(Stream).GetView("spent").Source.Filter!;

        // What the view aggregates as float64 is that to the filter.
        Assert.Equal([new StoredColumn("AMOUNT", FeatureType.Float64), new StoredColumn("OK", FeatureType.Bool)], filter.Columns);
        Assert.Contains("column 'OK' is bool to the view already", Assert.Throws<FeatureException>(static () => Load(Stream.Replace("AMOUNT > 5", "AMOUNT > 5, columns: [{ name: OK, type: int64 }]", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ManyRows_PassWhereTheExpressionIsTrueAlone()
    {
        var filter = Load(Valid).GetView("spent").Source.Filter!;
        const int Rows = 1000;
        var values = new FeatureValue[2 * Rows];
        for (var row = 0; row < Rows; row++)
        {
            // As pushes give them: any number, and nulls.
            values[row] = (row % 4) switch { 0 => FeatureValue.FromInt64(row), 1 => FeatureValue.FromBool(true), 2 => FeatureValue.FromFloat64(double.NaN), _ => FeatureValue.Null(FeatureType.Int64) };
            values[Rows + row] = (row % 3) switch { 0 => FeatureValue.FromString("ok"), 1 => FeatureValue.FromString("no"), _ => FeatureValue.Null(FeatureType.String) };
        }

        var passes = new bool[Rows];
        filter.Evaluate(values, passes);

        Assert.Equal(Enumerable.Range(0, Rows).Select(static row => row % 3 == 0 && (row % 4 == 1 || (row % 4 == 0 && row > 0))), passes);
    }

    private static DefinitionSet Load(string text) => DefinitionLoader.Load([new DefinitionFile("a.yaml", text)]);

    private static string Change(string text, string other)
    {
        Assert.Contains(text, Valid, StringComparison.Ordinal);
        return Valid.Replace(text, other, StringComparison.Ordinal);
    }
}
