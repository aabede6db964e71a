using System.Text;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class PredictJsonTests
{
    private static readonly ModelName Model = new("default", "fraud");
    private static readonly FeatureServicePlan Plan = new(DefinitionLoader.Load([new DefinitionFile("a.yaml", """
        version: 1
        entities:
          - { name: customer, keys: [ { name: customer_id, type: int64 } ] }
          - { name: shop, keys: [ { name: shop_code, type: string } ] }
        feature_views:
          - name: spending
            entity: customer
            source: { table: t, event_time: T }
            features: [ { name: total, type: float64, column: X } ]
          - name: shops
            entity: shop
            source: { table: s, event_time: T }
            features: [ { name: size, type: float64, column: S } ]
        feature_services:
          - name: fraud
            request:
              - { name: amount, type: float64 }
              - { name: count, type: int64, default: 0 }
              - { name: is_new, type: bool, default: false }
              - { name: since, type: timestamp, default: "2018-01-01T00:00:00Z" }
              - { name: blob, type: bytes, default: "" }
            features: [ amount, spending.total, shops.size ]
        """)]).GetService("fraud"), static _ => false);

    [Fact]
    public void ToRequest_ScalarsAndLists_AreColumnsOfTheDeclaredTypes()
    {
        using var body = PredictJson.Parse(Encoding.UTF8.GetBytes("""
            {"entities": {"customer_id": [4961, null], "shop_code": "a"},
             "request": {"amount": 57, "is_new": true, "since": "2018-08-08T12:00:00Z", "blob": "AAE=", "time": 1533729600000000}, "alias": "next", "omit_features": true}
            """));

        var request = body.ToRequest(Model, Plan);

        Assert.Equal((VersionSelector.OfAlias("next"), true), (body.Selector, body.OmitFeatures));
        Assert.Equal([FeatureValue.FromInt64(4961), FeatureValue.Null(FeatureType.Int64)], request.Entities[0].Values.ToArray());
        Assert.Equal([FeatureValue.FromString("a")], request.Entities[1].Values.ToArray());
        Assert.Equal(
            [
                FeatureValue.FromFloat64(57), FeatureValue.FromBool(true), FeatureValue.FromTimestamp(1533729600000000), FeatureValue.FromBytes([0, 1]),
                FeatureValue.FromTimestamp(1533729600000000),
            ],
            request.Request.Select(column => column.Values.Span[0]));
    }

    [Theory]
    [InlineData("""{"entities": {"customer_id": "4961"}}""", "'entities.customer_id' is \"4961\"; expected a whole number (int64).")]
    [InlineData("""{"entities": {"customer_id": [1, 1.5]}}""", "'entities.customer_id[1]' is 1.5; expected a whole number (int64).")]
    [InlineData("""{"entities": {"shop_code": 7}}""", "'entities.shop_code' is 7; expected a string.")]
    [InlineData("""{"request": {"amount": "much"}}""", "'request.amount' is \"much\"; expected a number.")]
    [InlineData("""{"request": {"amount": 1e400}}""", "'request.amount' is 1e400; expected a number.")]
    [InlineData("""{"request": {"amount": {}}}""", "'request.amount' is an object; expected a number.")]
    [InlineData("""{"request": {"time": "2018-08-08 12:00"}}""", "'request.time' is \"2018-08-08 12:00\"; expected a time with a zone such as \"2018-08-08T12:00:00Z\", or microseconds since the epoch.")]
    [InlineData("""{"request": {"blob": "?"}}""", "'request.blob' is \"?\"; expected a string of base64.")]
    [InlineData("""{"entites": {}}""", "Unknown property 'entites'; expected one of entities, request, version, alias, omit_features, reasons.")]
    [InlineData("""{"version": 1, "alias": "x"}""", "Both 'version' and 'alias' are given; expected one of them, or none.")]
    [InlineData("""{"version": 0}""", "'version' is 0; expected a whole number of 1 or more.")]
    [InlineData("""{"entities": []}""", "'entities' is an array; expected an object.")]
    [InlineData("[]", "The body is an array; expected an object.")]
    [InlineData("{", "The body is not JSON: ")]
    [InlineData("""{"entities": {"customer_id": 1, "customer_id": 2}}""", "The body is not JSON: ")]
    [InlineData("""{"entities": {"shop_code": "\ud800"}}""", "''entities.shop_code'' is not valid Unicode text.")]
    public void Parse_WrongBody_NamesPlaceAndExpectation(string json, string message)
    {
        var exception = Assert.Throws<ServingException>(() =>
        {
            using var body = PredictJson.Parse(Encoding.UTF8.GetBytes(json));
            body.ToRequest(Model, Plan);
        });

        Assert.Equal(ServingError.InvalidInput, exception.Error);
        Assert.StartsWith(message.Replace("''", "'", StringComparison.Ordinal), exception.Message, StringComparison.Ordinal);
    }
}
